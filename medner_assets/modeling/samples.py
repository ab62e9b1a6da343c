"""Documents → token samples. A sample is a prompt and the completion that a perfect model writes after it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.base_files import positions
from medner_assets.modeling.chat import as_text, chat_prompt, end_of_turn
from medner_assets.modeling.loading import ends_of
from medner_assets.modeling.windows import Window, fit, windows_of_text
from medner_assets.prompting.shots import Shots, render_few_shot
from medner_assets.prompting.templates import RELATIONS_HEADING, PromptStyle, render_completion, render_prompt
from medner_assets.schema import Document

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LONG_TOKEN = 20
"""Characters: no text has longer tokens on average."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids of one sample, with the begin and end tokens. `weights`: one for each completion token."""

    doc_id: str
    prompt: list[int]
    completion: list[int]
    weights: list[float]

    def __len__(self) -> int:
        """Tokens of prompt and completion."""
        return len(self.prompt) + len(self.completion)


@dataclass(frozen=True, slots=True)
class SampleSet:
    """The samples of a split. Invariant: the mean of all weights is 1 (or there are none)."""

    samples: tuple[Sample, ...]
    unplaced: int
    """Gold annotations that fit into no sample because their document had to be split."""

    @property
    def tokens(self) -> int:
        """Tokens of all samples."""
        return sum(len(sample) for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns text into tokens for one model and one dataset's types.

    What looks like a control token in a text is text, in prompts and completions alike. Style chat uses the
    model's own template; the tokenizer's end token is then the end of a turn.
    """

    tokenizer: "PreTrainedTokenizerBase"
    style: PromptStyle
    entity_types: Sequence[str]
    relation_types: Sequence[str]
    shots: Shots | None = None
    """Examples, for a model that was not trained on the format; None: it was."""

    def __post_init__(self) -> None:
        """Raise MednerError where style chat is asked for and the model has no template that works."""
        if self.style == "chat":
            end = end_of_turn(self.tokenizer)
            if end is not None:
                self.tokenizer.eos_token = end

    @property
    def end(self) -> int:
        """Return the token that a completion ends with; raise MednerError where the model has none."""
        own: Any = self.tokenizer.eos_token_id
        return int(own) if own is not None else min(ends_of(self.tokenizer))

    @property
    def room(self) -> int | None:
        """Return how many tokens the model reads at most; None where it states no limit."""
        return positions(Path(self.tokenizer.name_or_path)) if self.tokenizer.name_or_path else None

    def prompt(self, text: str) -> list[int]:
        """Return the token ids of the prompt of `text`, beginning with the begin token where the model has
        one."""
        if self.shots is None:
            return self._encoded(render_prompt(text, self.style, self.entity_types, self.relation_types))
        shots = self.shots.of(text)
        return self._encoded(render_few_shot(text, self.style, self.entity_types, self.relation_types, shots))

    def _encoded(self, rendered: str) -> list[int]:
        if self.style == "chat":
            return chat_prompt(self.tokenizer, rendered)
        begin: Any = self.tokenizer.bos_token_id
        return [*([begin] if begin is not None else []), *as_text(self.tokenizer, rendered)]

    def windows(self, text: str, most: int) -> Iterator[Window]:
        """Yield the parts of `text` whose prompts have at most `most` tokens each, see `windows_of_text`.

        Examples do not count: a text is cut alike with and without them.
        """
        bare = replace(self, shots=None)
        return windows_of_text(
            text,
            # A very long text need not be encoded to be found too long.
            lambda part: len(part) <= _LONG_TOKEN * most and len(bare.prompt(part)) <= most,
        )

    def sample(self, document: Document, relation_weight: float) -> Sample:
        """Return the sample of `document`; tokens from the relations' heading on weigh `relation_weight`."""
        text = render_completion(document)
        encoded = self.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=True
        )
        border = text.index(f"\n\n{RELATIONS_HEADING}\n") + 2  # a mention has no line ends
        weights = [relation_weight if start >= border else 1.0 for start, _ in encoded["offset_mapping"]]
        return Sample(
            document.id,
            self.prompt(document.text),
            [*encoded["input_ids"], self.end],
            [*weights, relation_weight],
        )


def build_samples(
    documents: Sequence[Document], encoder: Encoder, *, max_tokens: int, relation_weight: float = 1.0
) -> SampleSet:
    """Return the samples of `documents`, long ones split at sentence borders so that each has at most
    `max_tokens`.

    Weights are normalised to mean 1 over all completion tokens, so that `relation_weight` moves the balance
    between
    entities and relations and not the learning rate. No sample is longer than the model reads. Raises
    MednerError if no document fits.
    """
    bound = encoder.room if encoder.room is not None and encoder.room < max_tokens else None
    max_tokens = bound or max_tokens
    samples: list[Sample] = []
    unplaced = 0
    tried: dict[int, Sample] = {}

    def fits(part: Document) -> bool:
        sample = tried[id(part)] = encoder.sample(part, relation_weight)
        return len(sample) <= max_tokens

    for document in documents:
        fitted = fit(document, fits)
        # Each window is an object that was tried: it is encoded once.
        samples.extend(tried[id(part)] for part in fitted.windows)
        unplaced += fitted.unplaced
        tried.clear()
    if documents and not samples:
        if bound is not None:
            raise MednerError(
                f"no sentence of the train split fits into the {bound} tokens that the base reads: "
                "choose a base that reads more, or split the documents"
            )
        raise MednerError(
            f"no sentence of the train split fits into max_tokens={max_tokens}: raise it in the recipe"
        )
    total = sum(weight for sample in samples for weight in sample.weights)
    count = sum(len(sample.weights) for sample in samples)
    scale = count / total if total else 1.0
    return SampleSet(
        tuple(Sample(s.doc_id, s.prompt, s.completion, [w * scale for w in s.weights]) for s in samples),
        unplaced,
    )
