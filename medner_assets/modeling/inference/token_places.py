"""Tokens → their text and the characters that each of them wrote."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_UNFINISHED = "\ufffd"
"""What a decoder writes for bytes that are no character yet."""


class _Pieces(dict[int, str]):
    """Token → what it writes within a text. Each is decoded once: the others cost a look-up."""

    def __init__(self, piece_of: Callable[[int], str]) -> None:
        super().__init__()
        self._piece_of = piece_of

    def __missing__(self, token: int) -> str:
        self[token] = piece = self._piece_of(token)
        return piece


class TokenPlaces:
    """Decodes what one tokenizer's model wrote."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._decoded = _decoder(tokenizer)
        anchor = tokenizer("a", add_special_tokens=False)["input_ids"]
        before = len(self._decoded(anchor))
        self._pieces = _Pieces(lambda token: self._decoded([*anchor, token])[before:])

    def decoded(self, tokens: Sequence[int]) -> tuple[str, list[int]]:
        """Return the text, without special tokens, and for each token one past its last character in it.

        Tokens are mostly decoded one by one, each once; where their pieces do not give the text (a character
        of several tokens), what each token adds to those before it counts. A token that ends no character
        ends where the one before it did.
        """
        text = self._decoded(tokens)
        pieces = [self._pieces[token] for token in tokens]
        joined = "".join(pieces)
        lead = len(joined) - len(text)
        if joined.endswith(text) and not joined[:lead].strip():  # a decoder may take a first blank away
            ends = list(accumulate(map(len, pieces)))
            return text, [max(0, end - lead) for end in ends] if lead else ends
        ends, last = [], 0
        for count in range(1, len(tokens) + 1):
            so_far = self._decoded(tokens[:count]).rstrip(_UNFINISHED)
            last = max(last, len(so_far)) if text.startswith(so_far) else last
            ends.append(last if count < len(tokens) else len(text))
        return text, ends


def _decoder(tokenizer: "PreTrainedTokenizerBase") -> Callable[[Sequence[int]], str]:
    """Return what turns tokens into their text, without special tokens and with every blank as it is.

    The tokenizer's own `decode` looks at each token before it hands all to its backend, which alone takes a
    fifth of the time. A class that decodes in its own way is asked itself.
    """
    from transformers import PreTrainedTokenizerFast

    if getattr(type(tokenizer), "_decode", None) is PreTrainedTokenizerFast._decode:
        return lambda tokens: tokenizer.backend_tokenizer.decode(tokens, skip_special_tokens=True)
    return lambda tokens: str(
        tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    )
