"""The embedded base's tokenizer: byte-level BPE over medical text, with whole tokens for the frame of a
completion."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = 8192
BEGIN, END, PAD = "<s>", "</s>", "<pad>"
LONGEST_LIST = 40
"""Items beyond it are numbered with several tokens."""
FRAME = (
    "### Types:",
    "### Text:\n",
    "### Entities:\n",
    "### Entities:\n1. [",
    "\n\n### Relations:\n",
    "\n\n### Relations:\n1.",
    *(f"\n{i}. [" for i in range(2, LONGEST_LIST + 1)),
    *(f"\n{i}." for i in range(2, LONGEST_LIST + 1)),
    " --[",
    "]-->",
    "None found.",
    "\n\n",
)
"""Strings that prompts and completions repeat: one token each keeps samples short, the longest match wins.

No frame ends in a blank: a name keeps the blank before it, and with it the tokens that it has in the text.
"""

# Words with their blank, digits one by one, runs of punctuation, line breaks: a mention keeps its pieces
# when the
# punctuation around it changes.
_PIECES = r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]|[\r\n]+|\s+(?!\S)|\s+"


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> "Tokenizer":
    """Return a tokenizer of `vocabulary` tokens learned from `texts`; deterministic."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    frame = [AddedToken(text, normalized=False) for text in FRAME]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(frame),
        special_tokens=[BEGIN, END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=5,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(frame)
    return tokenizer
