"""The tables, declared once: column, type, meaning. Readers, writers, views and docs all take them from here.

A partition key (`dataset` or `model_version`) is a Hive key of the path and not a column of the file; every other
column is. `split` is train, dev or test. Character offsets are code points, start inclusive, end exclusive.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

PartitionKey = Literal["dataset", "model_version"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Polars type, and what a value means, with its unit."""

    name: str
    dtype: pl.DataType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `grain` says what one row is."""

    name: str
    partition: PartitionKey
    grain: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name → type, in file order, without the partition key."""
        return {column.name: column.dtype for column in self.columns}


TEXT, INT, REAL, FLAG = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
TEXTS, TIME = pl.List(pl.String()), pl.Datetime("us", "UTC")
ENTITY = pl.Struct({"type": TEXT, "text": TEXT, "start": INT, "end": INT, "grounding": TEXT})
RELATION = pl.Struct(
    {
        "type": TEXT,
        "head_text": TEXT, "head_type": TEXT, "head_start": INT, "head_end": INT,
        "tail_text": TEXT, "tail_type": TEXT, "tail_start": INT, "tail_end": INT,
    }
)  # fmt: skip

_EVALUATION = Column(
    "evaluation_id", TEXT, "hash of adapter weights, dataset version, decoding, post-processing, scorer"
)
_DATASET = Column("dataset", TEXT, "the dataset that the version was evaluated on")
_DATASET_VERSION = Column("dataset_version", TEXT, "hash of the dataset's content")
_SPLIT = Column("split", TEXT, "train, dev or test")
_STAGE = Column("stage", TEXT, "raw, a post-processing step (cumulative), or final")
_DOC = Column("doc_id", TEXT, "the document")
_GROUP = Column("group_id", TEXT, "what is resampled as one; the document's id where it has no group")
_COUNTS = (
    Column("tp", INT, "items, true positives"),
    Column("fp", INT, "items, false positives"),
    Column("fn", INT, "items, false negatives"),
)
_ANNOTATION = Column(
    "annotation_id", TEXT, "hash of adapter weights, dataset version, decoding, post-processing, reading"
)
_CORPUS = Column("corpus", TEXT, "name of the corpus")
_SHARD = Column("shard", TEXT, "hash of the shard's place and content")
_OUTCOME = (
    Column("error", TEXT, "correct or one of the error classes of docs/scoring.md"),
    Column("tp", INT, "1 if a predicted item matches a gold item"),
    Column("fp", INT, "1 if a predicted item counts as false positive"),
    Column("fn", INT, "1 if a gold item counts as false negative"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("documents", "dataset", "one document", (
            _DOC, _SPLIT, _GROUP,
            Column("text", TEXT, "the text as its source has it"),
            Column("characters", INT, "length of the text in code points"),
            Column("directed", FLAG, "false: every relation of the document is symmetric"),
            Column("level", TEXT, "mention or concept: what relations hold between"),
            _DATASET_VERSION,
        )),
        Table("gold_entities", "dataset", "one gold mention", (
            _DOC, _SPLIT,
            Column("entity_id", TEXT, "id within the document"),
            Column("type", TEXT, "entity type"),
            Column("start", INT, "first character; null where the source has no offsets"),
            Column("end", INT, "one past the last character"),
            Column("text", TEXT, "the mention as written"),
            Column("concepts", TEXTS, "concept ids; empty at mention level"),
            Column("pieces", TEXT, "of a discontinuous mention its pieces, e.g. 0 4;15 19; null: one piece"),
        )),
        Table("gold_relations", "dataset", "one gold relation", (
            _DOC, _SPLIT,
            Column("relation_id", INT, "position within the document, from 0"),
            Column("type", TEXT, "relation type"),
            Column("symmetric", FLAG, "true: head and tail may change places"),
            Column("head_id", TEXT, "entity id; null at concept level"),
            Column("tail_id", TEXT, "entity id; null at concept level"),
            Column("head_text", TEXT, "the head as written (at concept level its first mention)"),
            Column("head_type", TEXT, "type of the head"),
            Column("tail_text", TEXT, "the tail as written (at concept level its first mention)"),
            Column("tail_type", TEXT, "type of the tail"),
            Column("head_concept", TEXT, "concept id; null at mention level"),
            Column("tail_concept", TEXT, "concept id; null at mention level"),
        )),
        Table("import_problems", "dataset", "one thing a reader could not place", (
            Column("file", TEXT, "name of the file within the corpora folder"),
            Column("line", INT, "line of the file, from 1; null for formats without lines"),
            Column("doc_id", TEXT, "the document, where known"),
            Column("kind", TEXT, "what is wrong, as a short stable word"),
            Column("message", TEXT, "what, where and what was done; no clinical text"),
        )),
        Table("audits", "dataset", "one figure of one probe", (
            Column("probe", TEXT, "e.g. all_pairs, without_reading, within_document, type"),
            Column("figure", TEXT, "e.g. f1, auc, strata; `verdict` and `reason` carry text"),
            Column("setting", TEXT, "gold_entities, end_to_end, or empty"),
            Column("value", REAL, "the figure; null where it is text"),
            Column("low", REAL, "lower end of its 95 % interval; null where it has none"),
            Column("high", REAL, "upper end"),
            Column("detail", TEXT, "the text, or what the figure means"),
            _DATASET_VERSION,
        )),
        Table("recipes", "model_version", "one setting", (
            Column("setting", TEXT, "dotted key, e.g. lora.rank"),
            Column("value", TEXT, "the value, as JSON unless it is text"),
            Column("recipe_hash", TEXT, "hash of the resolved recipe"),
        )),
        Table("adapters", "model_version", "one trained adapter", (
            _DATASET, _DATASET_VERSION,
            Column("recipe_hash", TEXT, "hash of the recipe that it was trained by"),
            Column("fingerprint", TEXT, "hash of what training depends on: recipe, data, base"),
            Column("weights_hash", TEXT, "SHA-256 of adapter_model.safetensors, 16 digits"),
            Column("base_model", TEXT, "name of the base model's recipe"),
            Column("base_revision", TEXT, "hub revision, or hash of the local weights"),
            Column("backend", TEXT, "peft or unsloth"),
            Column("device", TEXT, "cpu, or the GPU's name"),
            Column("trainable_parameters", INT, "parameters"),
            Column("total_parameters", INT, "parameters, base and adapter"),
            Column("adapter_bytes", INT, "size of the weights file"),
            Column("train_documents", INT, "documents of the train split"),
            Column("train_samples", INT, "samples after long documents were split"),
            Column("train_tokens", INT, "tokens of one epoch, prompt and completion"),
            Column("unplaced_annotations", INT, "gold items that no sample could hold after splitting"),
            Column("epochs", REAL, "epochs trained"),
            Column("steps", INT, "optimiser steps taken"),
            Column("best_step", INT, "step whose weights were kept"),
            Column("final_train_loss", REAL, "nats per token, mean of the last epoch"),
            Column("best_eval_loss", REAL, "nats per token on dev, of the kept weights"),
            Column("train_seconds", REAL, "wall-clock seconds of training"),
            Column("peak_memory_bytes", INT, "peak memory of the device; on a CPU of all processes, shared parts in each"),
            Column("seed", INT, "seed of the run"),
            Column("finished_at", TIME, "when training ended"),
            Column("versions", TEXT, "library versions, as JSON"),
        )),
        Table("training_log", "model_version", "one logged step or evaluation", (
            Column("step", INT, "optimiser step, from 1"),
            Column("epoch", REAL, "epochs done"),
            Column("kind", TEXT, "train, eval or end (the run's summary loss)"),
            Column("loss", REAL, "nats per completion token"),
            Column("learning_rate", REAL, "rate of the step; null for eval"),
            Column("grad_norm", REAL, "L2 norm before clipping; null for eval"),
            Column("seconds", REAL, "wall-clock seconds since training began"),
        )),
        Table("completions", "model_version", "the raw completion of one document", (
            _DATASET, _DATASET_VERSION, _SPLIT, _DOC,
            Column("generation_id", TEXT, "hash of adapter weights, dataset version and decoding"),
            Column("weights_hash", TEXT, "hash of the adapter that wrote it"),
            Column("completion", TEXT, "what the model wrote, as it wrote it"),
            Column("finish_reason", TEXT, "stop, or length: cut at max_new_tokens"),
            Column("prompt_tokens", INT, "tokens"),
            Column("completion_tokens", INT, "tokens"),
            Column("seconds", REAL, "wall-clock seconds, the batch's time shared evenly"),
        )),
        Table("annotations", "model_version", "one document of an annotated corpus; one file per shard", (
            _ANNOTATION, _CORPUS, _SHARD, _DOC,
            Column("file", TEXT, "file within the corpus folder"),
            Column("line", INT, "line or row of the file, from 1; null: the file is the document"),
            Column("characters", INT, "length of the text in code points"),
            Column("windows", INT, "parts that it was read in: 1, or its sentences"),
            Column("cut_windows", INT, "parts whose completion was cut at max_new_tokens"),
            Column("tokens", INT, "tokens of prompts and completions"),
            Column("entities", pl.List(ENTITY), "mentions after post-processing; places count from the text's start"),
            Column("relations", pl.List(RELATION), "relations after post-processing, with the places of their ends"),
        )),
        Table("annotation_shards", "model_version", "one shard of the last plan for a corpus", (
            _ANNOTATION, _CORPUS, _SHARD,
            Column("place", TEXT, "file and line where it begins"),
            Column("state", TEXT, "planned, done or set aside, as of the last start or end of a run"),
            Column("reason", TEXT, "why it was set aside; null: it was not"),
            Column("documents", INT, "documents; of a shard that is not done, as far as was known"),
            Column("bytes", INT, "size of its file; null: not there"),
        )),
        Table("rejected_lines", "model_version", "one line of a completion that says nothing readable", (
            _EVALUATION, _DATASET, _SPLIT, _DOC,
            Column("line_number", INT, "line of the completion, from 1"),
            Column("line", TEXT, "the line"),
            Column("reason", TEXT, "why it was rejected"),
        )),
        Table("predicted_entities", "model_version", "one predicted mention at one stage", (
            _EVALUATION, _DATASET, _STAGE, _SPLIT, _DOC,
            Column("ordinal", INT, "position in the completion, from 0"),
            Column("type", TEXT, "predicted type"),
            Column("text", TEXT, "predicted string"),
            Column("start", INT, "first character; null if ungrounded"),
            Column("end", INT, "one past the last character"),
            Column("grounding", TEXT, "exact, case, fuzzy or none"),
        )),
        Table("predicted_relations", "model_version", "one predicted relation at one stage", (
            _EVALUATION, _DATASET, _STAGE, _SPLIT, _DOC,
            Column("ordinal", INT, "position in the completion, from 0"),
            Column("type", TEXT, "predicted type"),
            Column("head_text", TEXT, "head string"),
            Column("head_type", TEXT, "type of the first predicted entity with that string, else null"),
            Column("tail_text", TEXT, "tail string"),
            Column("tail_type", TEXT, "likewise"),
        )),
        Table("entity_outcomes", "model_version", "one predicted mention, unmatched gold mention, or pair of both, at one stage", (
            _EVALUATION, _DATASET, _STAGE, _SPLIT, _DOC,
            *_OUTCOME,
            Column("ordinal", INT, "the predicted mention; null: none"),
            Column("entity_id", TEXT, "the gold mention; null: none"),
            Column("predicted_type", TEXT, "null: none"),
            Column("predicted_text", TEXT, "null: none"),
            Column("predicted_start", INT, "null: none or ungrounded"),
            Column("predicted_end", INT, "null: none or ungrounded"),
            Column("gold_type", TEXT, "null: none"),
            Column("gold_text", TEXT, "null: none"),
            Column("gold_start", INT, "null: none"),
            Column("gold_end", INT, "null: none"),
        )),
        Table("relation_outcomes", "model_version", "one predicted relation, unmatched gold relation, or pair of both, at one stage", (
            _EVALUATION, _DATASET, _STAGE, _SPLIT, _DOC,
            *_OUTCOME,
            Column("ordinal", INT, "the predicted relation; null: none"),
            Column("relation_id", INT, "the gold relation; null: none"),
            Column("predicted_type", TEXT, "null: none"),
            Column("predicted_head", TEXT, "null: none"),
            Column("predicted_head_type", TEXT, "null: none or unknown"),
            Column("predicted_tail", TEXT, "null: none"),
            Column("predicted_tail_type", TEXT, "null: none or unknown"),
            Column("gold_type", TEXT, "null: none"),
            Column("gold_head", TEXT, "null: none"),
            Column("gold_head_type", TEXT, "null: none"),
            Column("gold_tail", TEXT, "null: none"),
            Column("gold_tail_type", TEXT, "null: none"),
        )),
        Table("document_scores", "model_version", "one document under one scheme at one stage; every scored document is there, also with zeros", (
            _EVALUATION, _DATASET, _DATASET_VERSION, _STAGE, _SPLIT,
            Column("task", TEXT, "entity or relation"),
            Column("scheme", TEXT, "text, span, strict or boundaries"),
            _DOC, _GROUP, *_COUNTS,
        )),
        Table("metrics", "model_version", "one task under one scheme at one stage, over the test split", (
            _EVALUATION, _DATASET, _DATASET_VERSION, _STAGE,
            Column("task", TEXT, "entity or relation"),
            Column("scheme", TEXT, "text, span, strict or boundaries"),
            Column("signature", TEXT, "what was scored and how, e.g. scheme:strict|unit:text|case:lower|stage:final|v1"),
            *_COUNTS,
            Column("precision", REAL, "micro, fraction"),
            Column("recall", REAL, "micro, fraction"),
            Column("f1", REAL, "micro, fraction"),
            Column("f1_low", REAL, "lower end of the 95 % bootstrap interval over groups"),
            Column("f1_high", REAL, "upper end"),
            Column("macro_f1", REAL, "mean F1 over types with gold or predictions"),
            Column("documents", INT, "documents scored"),
            Column("seed", INT, "seed of the interval"),
            Column("resamples", INT, "resamples of the interval"),
        )),
        Table("comparisons", "model_version", "one task under one scheme at one stage, the version against its baseline, test split", (
            Column("baseline", TEXT, "the version it is compared with"),
            _DATASET, _DATASET_VERSION, _STAGE,
            Column("task", TEXT, "entity or relation"),
            Column("scheme", TEXT, "text, span, strict or boundaries"),
            Column("baseline_f1", REAL, "micro F1 of the baseline"),
            Column("version_f1", REAL, "micro F1 of the version"),
            Column("difference", REAL, "version minus baseline"),
            Column("low", REAL, "lower end of the 95 % interval of the difference, over documents; of the two headline metrics together where there is a verdict"),
            Column("high", REAL, "upper end; null, as low is, with fewer than two groups"),
            Column("p_value", REAL, "paired approximate randomisation, two-sided, of this row alone"),
            Column("p_adjusted", REAL, "adjusted over the two headline metrics, from the draws of their interval (max-T); null for the others"),
            Column("verdict", TEXT, "better, worse or not distinguishable: on which side of 0 the interval lies; no verdict below 20 groups; null for the others. Of these two adapters, not of their recipes"),
            Column("standard_error", REAL, "of the difference, over documents; null for the others"),
            Column("critical", REAL, "the interval is difference ± critical · standard_error; null for the others"),
            Column("found_above", REAL, "smallest difference that this test finds with 80 % power; null for the others"),
            Column("documents", INT, "documents both were scored on"),
            Column("groups", INT, "groups that hold an item of this metric"),
            Column("seed", INT, "seed of interval and test"),
            Column("resamples", INT, "resamples of interval and test"),
            _EVALUATION,
            Column("baseline_evaluation_id", TEXT, "evaluation of the baseline"),
        )),
        Table("recipe_comparisons", "model_version", "one headline metric at final, the recipe of the version against that of the baseline, each trained several times, test split", (
            Column("baseline", TEXT, "the version whose recipe it is compared with"),
            _DATASET, _DATASET_VERSION,
            Column("task", TEXT, "entity or relation"),
            Column("scheme", TEXT, "text for entities, strict for relations"),
            Column("trainings", INT, "replicates of the version, at least 2"),
            Column("baseline_trainings", INT, "replicates of the baseline, at least 2"),
            Column("version_f1", REAL, "mean micro F1 of the version's replicates"),
            Column("version_sd", REAL, "its standard deviation from training to training"),
            Column("baseline_f1", REAL, "mean micro F1 of the baseline's replicates"),
            Column("baseline_sd", REAL, "its standard deviation from training to training"),
            Column("difference", REAL, "version_f1 minus baseline_f1"),
            Column("low", REAL, "lower end of the 95 % interval of the difference, over seeds and documents, of both metrics together"),
            Column("high", REAL, "upper end"),
            Column("p_adjusted", REAL, "crossed t, two-sided, adjusted over the two metrics (Bonferroni)"),
            Column("standard_error", REAL, "of the difference, over seeds and documents"),
            Column("degrees", REAL, "degrees of freedom of t"),
            Column("critical", REAL, "the interval is difference ± critical · standard_error"),
            Column("found_above", REAL, "smallest difference that this test finds with 80 % power"),
            Column("margin", REAL, "difference within which recipes count as equivalent; null: none is stated"),
            Column("verdict", TEXT, "better, worse, equivalent or not distinguishable; no verdict below 20 groups"),
            Column("documents", INT, "documents all were scored on"),
            Column("groups", INT, "groups that hold an item of this metric"),
            _EVALUATION,
            Column("baseline_evaluation_id", TEXT, "evaluation of the baseline's first adapter"),
            Column("evaluation_ids", TEXTS, "evaluations of all the version's replicates"),
            Column("baseline_evaluation_ids", TEXTS, "evaluations of all the baseline's replicates"),
        )),
        Table("test_reads", "model_version", "one look at a test split by a version, in order; the same evaluation again is no other look", (
            Column("purpose", TEXT, "evaluation: it was scored; promotion: it was tried against a champion"),
            Column("dataset", TEXT, "whose test split"),
            Column("dataset_version", TEXT, "state of the dataset; null for promotion"),
            Column("evaluation_id", TEXT, "the evaluation; for promotion a hash of all that the comparison rests on"),
            Column("champion_sequence", INT, "promotion: the champion's row in promotions; null for evaluation"),
            Column("place", INT, "promotion: of the candidate among those tried against this champion, from 1; null for evaluation"),
            Column("read_at", TIME, "when"),
        )),
        Table("promotions", "dataset", "one promotion or rollback, in order", (
            Column("sequence", INT, "position in the history, from 1"),
            Column("version", TEXT, "the version that serves the dataset from then on"),
            Column("previous", TEXT, "the version that served it before; null: none"),
            Column("kind", TEXT, "automatic, manual or rollback"),
            Column("reason", TEXT, "why, in words"),
            Column("evaluation_id", TEXT, "the evaluation that the decision rests on"),
            Column("decided_at", TIME, "when"),
        )),
    )
}  # fmt: skip
