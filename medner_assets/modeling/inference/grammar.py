"""A grammar that completions must follow, so that every line of them parses. Needs the extra `grammar`
(llguidance).

It allows what `prompting/templates.py` writes, with the dataset's types, and mentions of any text that could
not be taken for an arrow. A completion that is cut at its limit may still end within a line.
"""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.prompting.escaping import escaped_type
from medner_assets.prompting.templates import ENTITIES_HEADING, NONE_FOUND, RELATIONS_HEADING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


class Grammar:
    """The grammar of completions over one tokenizer."""

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        entity_types: Sequence[str],
        relation_types: Sequence[str],
    ) -> None:
        """Raises MednerError where llguidance is not installed."""
        if importlib.util.find_spec("llguidance") is None:
            raise MednerError(
                "decoding.grammar needs llguidance, which is not installed: "
                "run `pip install 'medner[grammar]'`, or set it to false"
            )
        from llguidance import LLMatcher
        from llguidance.hf import from_tokenizer

        fast: Any = tokenizer
        self._tokenizer = from_tokenizer(fast)
        self._grammar = LLMatcher.grammar_from_lark(lark(entity_types, relation_types))
        wrong = LLMatcher.validate_grammar(self._grammar, self._tokenizer)
        if wrong:
            raise MednerError(f"no grammar can be built from these types: {' '.join(wrong.split())[:200]}")

    def constraint(self, documents: int) -> "Constraint":
        """Return what holds a new batch to the grammar."""
        from llguidance import LLMatcher

        return Constraint([LLMatcher(self._tokenizer, self._grammar) for _ in range(documents)])


class Constraint:
    """Where each row of a batch stands in the grammar."""

    def __init__(self, matchers: list[Any]) -> None:
        self._matchers = matchers

    def take(self, tokens: Sequence[int]) -> None:
        """Go on by one token a row."""
        for matcher, token in zip(self._matchers, tokens, strict=True):
            if not matcher.is_stopped():
                matcher.consume_token(token)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order."""
        self._matchers = [self._matchers[row] for row in rows]

    def allowed(self, scores: "torch.Tensor") -> "torch.Tensor":
        """Return the scores, (rows, vocabulary), with -inf where the grammar does not allow a token next."""
        import numpy as np
        import torch

        vocabulary = scores.shape[1]
        words = -(-vocabulary // 32)
        allowed = np.full((len(self._matchers), words * 4), 255, dtype=np.uint8)
        for row, matcher in enumerate(self._matchers):
            if not matcher.is_stopped():  # a row that has ended says nothing more, whatever it is told
                bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)[: words * 4]
                allowed[row] = 0
                allowed[row, : len(bits)] = bits
        forbidden = np.unpackbits(allowed, axis=1, bitorder="little")[:, :vocabulary] == 0
        return scores.masked_fill(torch.from_numpy(forbidden).to(scores.device), float("-inf"))


def lark(entity_types: Sequence[str], relation_types: Sequence[str]) -> str:
    """Return the grammar of completions with these types, in llguidance's dialect of Lark."""
    line = r"[^\n]*"
    arrows = rf"/{line}(--\[|\]-->){line}/"
    two_arrows = rf"/{line}--\[{line}--\[{line}/"
    two_heads = rf"/{line}\]-->{line}\]-->{line}/"
    entity, relation = (_any_of(types) for types in (entity_types, relation_types))
    entities = f'ENTITY ("\\n" ENTITY)* | "{NONE_FOUND}"' if entity_types else f'"{NONE_FOUND}"'
    relations = f'RELATION ("\\n" RELATION)* | "{NONE_FOUND}"' if relation_types else f'"{NONE_FOUND}"'
    terminals = []
    if entity_types:
        terminals.append(rf"ENTITY: /[0-9]+\. \[{entity}\] \S{line}/ & ~{arrows}")
    if relation_types:
        terminals.append(
            rf"RELATION: /[0-9]+\. \S{line} --\[{relation}\]--> \S{line}/ & ~{two_arrows} & ~{two_heads}"
        )
    return "\n".join(
        [
            f'start: "{ENTITIES_HEADING}\\n" entities "\\n\\n{RELATIONS_HEADING}\\n" relations',
            f"entities: {entities}",
            f"relations: {relations}",
            *terminals,
        ]
    )


def _any_of(words: Sequence[str]) -> str:
    """Return a regular expression of exactly these words."""
    plain = ("".join(c if c.isalnum() or c in "_ -" else f"\\{c}" for c in escaped_type(w)) for w in words)
    return f"({'|'.join(plain)})"
