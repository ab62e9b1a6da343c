"""What a training learns from: the samples of its train and dev splits."""

from dataclasses import dataclass

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Encoder, SampleSet, build_samples


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Both splits as samples. `documents` counts those of train; `pad` is the token that fills a batch."""

    documents: int
    train: SampleSet
    dev: SampleSet
    pad: int


def training_data(job: TrainingJob, encoder: Encoder, log: Log) -> TrainingData:
    """Read the documents of `job` and cut them into samples.

    Raises MednerError for an empty train split, and for an empty dev split that early stopping reads.
    """
    recipe = job.recipe.training
    documents = read_jsonl(job.train).documents
    if not documents:
        raise MednerError(f"{job.recipe.dataset}: the train split is empty: nothing to learn from")
    if encoder.room is not None and encoder.room < recipe.max_tokens:
        log.info(f"the base reads at most {encoder.room} tokens: so do samples, not {recipe.max_tokens}")
    train = build_samples(
        documents, encoder, max_tokens=recipe.max_tokens, relation_weight=recipe.relation_loss_weight
    )
    dev = build_samples(read_jsonl(job.dev).documents, encoder, max_tokens=recipe.max_tokens)
    if recipe.early_stopping is not None and not dev.samples:
        raise MednerError(
            f"{job.recipe.dataset}: the dev split is empty, and early_stopping reads its loss: "
            "give the dataset a dev split, or take early_stopping out of the recipe"
        )
    log.info(
        f"{len(documents)} documents, {len(train.samples)} samples, {train.tokens} tokens per epoch, "
        f"{train.unplaced} annotations that fit into no sample"
    )
    pad = encoder.tokenizer.pad_token_id
    return TrainingData(len(documents), train, dev, encoder.end if pad is None else pad)
