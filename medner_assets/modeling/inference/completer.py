"""From texts to completions: the one way, which evaluation, prediction, annotation and serving share.

The same tokenizer and prompt, windows, weights, merging, grammar and decoding: a version that is served
writes what it wrote when it was scored. What is read out of completions is the business of others.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.decoding import Completion, generate_batches
from medner_assets.modeling.inference.grammar import Grammar
from medner_assets.modeling.inference.model import load_model
from medner_assets.modeling.inference.one_base import OneBase
from medner_assets.modeling.job import InferenceJob, ShotsJob
from medner_assets.modeling.laps import Laps
from medner_assets.modeling.loading import find_weights, load_tokenizer, longest_prompt, pick_device
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.windows import Window
from medner_assets.prompting.shots import Shots

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def shots_of(job: ShotsJob | None) -> Shots | None:
    """Return the examples of a job; None where its model was trained on the format."""
    if job is None:
        return None
    pool = read_jsonl(job.pool).documents if job.count else ()
    return Shots(pool, job.count, job.choice, job.seed)


class Completer:
    """A version, or a base alone, that writes completions. The model is loaded when it is first needed."""

    def __init__(self, job: InferenceJob, base: OneBase | None = None) -> None:
        """base: what others read with before and after; None: the model is this one's own. Raises
        MednerError where the base is not there."""
        # The process began for the first that reads with a base.
        self._job, self._laps = job, Laps(of_process=base is None or base.is_new)
        self._laps.done("start")
        self._load_model = load_model if base is None else base.model
        self._folder = find_weights(job.base, job.base_folder)
        self._encoder = Encoder(
            load_tokenizer(self._folder),
            job.base.prompt_style,
            job.entity_types,
            job.relation_types,
            shots_of(job.shots),
        )
        self._laps.done("tokenizer")
        self._longest = None if job.max_tokens is None else longest_prompt(self._folder, job.max_tokens)

    @property
    def batch_size(self) -> int:
        """Windows that are generated at once on a CPU."""
        return self._job.decoding.batch_size

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the parts of a text that are read one by one, in order; none of white space only.

        A text whose prompt has at most `max_tokens` is read whole, a longer one sentence by sentence.
        """
        if self._longest is not None:
            yield from self._encoder.windows(text, self._longest)
        elif text.strip():
            yield Window(0, text)

    def load(self) -> None:
        """Load what writes, now; raise MednerError where it cannot be."""
        _ = self._model, self._grammar

    def complete(
        self,
        texts: Sequence[str],
        *,
        named: Callable[[int], str] = str,
        say: Callable[[str], None] = lambda _: None,
    ) -> Iterator[dict[int, Completion]]:
        """Yield the completions of `texts` batch by batch, by position in `texts`, the longest prompts first.

        named: what a person calls the text at a position, for errors. say: takes a line when a batch was cut.
        Raises MednerError when the model cannot read a prompt as long as one of them.
        """
        prompts = [(str(n), self._encoder.prompt(text)) for n, text in enumerate(texts)]
        room = self._encoder.room
        too_long = [named(int(n)) for n, tokens in prompts if room and len(tokens) >= room]
        if too_long:
            raise MednerError(
                f"{len(too_long)} documents exceed the {room} tokens that base model {self._folder.name} "
                f"reads, the first is {too_long[0]}: split them before the import"
            )
        model = self._model
        say(self._laps.words("the first batch"))
        for batch in generate_batches(
            model,
            self._encoder.tokenizer,
            prompts,
            batch_size=self._job.decoding.batch_size,
            max_new_tokens=self._job.decoding.max_new_tokens,
            grammar=self._grammar,
            say=say,
            named=lambda n: named(int(n)),
        ):
            yield {int(each.doc_id): each for each in batch}

    @cached_property
    def _model(self) -> "PreTrainedModel":
        job = self._job
        device = pick_device(job.device, job.base)
        self._laps.done("texts")
        tokens = len(self._encoder.tokenizer)
        return self._load_model(self._folder, job.base, job.adapter, device, tokens=tokens, laps=self._laps)

    @cached_property
    def _grammar(self) -> Grammar | None:
        job = self._job
        if not job.decoding.grammar:
            return None
        return Grammar(self._encoder.tokenizer, job.entity_types, job.relation_types)
