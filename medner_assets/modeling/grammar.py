"""A grammar that completions must follow, so that every line of them parses. Needs the extra `grammar`
(llguidance).

It allows what `prompting/templates.py` writes, with the dataset's types, and mentions of any text that could
not be taken for an arrow. A completion that is cut at its limit may still end within a line.
"""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
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
            raise MednerError(f"these types make no grammar: {' '.join(wrong.split())[:200]}")

    def processors(self, documents: int, prompt_tokens: int) -> list[Any]:
        """Return what transformers' `generate` applies to the logits of a new batch."""
        from llguidance import LLMatcher

        matchers = [LLMatcher(self._tokenizer, self._grammar) for _ in range(documents)]
        return [_Mask(matchers, prompt_tokens)]


class _Mask:
    """Forbids, for each row of a batch, the tokens that its grammar does not allow next."""

    def __init__(self, matchers: list[Any], prompt_tokens: int) -> None:
        self._matchers, self._prompt = matchers, prompt_tokens

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        """Return the scores, (rows, vocabulary), with -inf where a token is forbidden."""
        import numpy as np
        import torch

        if input_ids.shape[1] > self._prompt:
            for matcher, token in zip(self._matchers, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
        vocabulary = scores.shape[1]
        words = -(-vocabulary // 32)
        allowed = np.full((len(self._matchers), words * 4), 255, dtype=np.uint8)
        for row, matcher in enumerate(self._matchers):
            if not matcher.is_stopped():  # a row that has ended is padded, whatever it is told
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
    plain = ("".join(c if c.isalnum() or c in "_ -" else f"\\{c}" for c in word) for word in words)
    return f"({'|'.join(plain)})"
