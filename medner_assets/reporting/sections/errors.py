"""How the versions fail: error classes before and after, fixes and regressions, and the problems of the
comparison
document one by one: duplicates, type bias, missing relations, direction, cascades, unreadable lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Answer, Questions

ERROR_CLASSES = {
    "duplicate": "the same item again",
    "ungrounded": "a string that the text does not hold",
    "type": "the right place, another type",
    "boundary": "the right type, another stretch of text",
    "type_boundary": "another type and another stretch",
    "direction": "head and tail exchanged",
    "cascaded": "wrong only because an argument is wrong",
    "spurious": "nothing in the gold answers to it",
    "missing": "gold that was not found",
}

# Every class that occurs anywhere, for every version and stage: a class that a version does not have counts
# 0.
_CLASSES = """
with own as (
    select 'entity' as task, error, model_version, stage, fp, fn from entity_outcomes
    where model_version in $versions and stage in ('raw', 'final') and split = 'test'
    union all
    select 'relation', error, model_version, stage, fp, fn from relation_outcomes
    where model_version in $versions and stage in ('raw', 'final') and split = 'test'
)
select task, error, model_version, stage, count(own.fp) as items, coalesce(sum(fp), 0) as fp,
    coalesce(sum(fn), 0) as fn
from (select distinct task, error from own where error <> 'correct')
cross join (select distinct model_version, stage from own)
left join own using (task, error, model_version, stage)
group by all
"""
# What F1 would be if one class were repaired: gold of the class found, its false positives gone.
_GAINS = """
with own as (
    select error, sum(tp) as tp, sum(fp) as fp, sum(fn) as fn from {task}_outcomes
    where model_version = $version and stage = 'final' and split = 'test' group by error
), total as (select sum(tp) as tp, sum(fp) as fp, sum(fn) as fn from own)
select own.error, 2 * (total.tp + own.fn) / (2 * (total.tp + own.fn) + total.fp - own.fp + total.fn -
own.fn) as f1,
    2 * (total.tp + own.fn) / (2 * (total.tp + own.fn) + total.fp - own.fp + total.fn - own.fn)
        - 2 * total.tp / (2 * total.tp + total.fp + total.fn) as gain
from own, total
where own.error <> 'correct' and own.fp + own.fn > 0
order by gain desc, own.error
"""
# An item's count sits on one of its gold rows (tp + fn = 1); the macro `flips` counts the same.
_FLIPS = """
select count(*) filter (b.tp = 1 and v.tp = 1) as found_by_both,
    count(*) filter (b.tp = 1 and v.tp = 0) as regressions,
    count(*) filter (b.tp = 0 and v.tp = 1) as fixes,
    count(*) filter (b.tp = 0 and v.tp = 0) as found_by_neither
from {task}_outcomes b
join {task}_outcomes v using (doc_id, {item})
where b.model_version = $baseline and v.model_version = $version and b.stage = 'final' and v.stage = 'final'
    and b.split = 'test' and v.split = 'test' and b.tp + b.fn = 1 and v.tp + v.fn = 1
"""
_RELATIONS = """
select model_version, stage, count(ordinal) as predicted, count(*) filter (error = 'duplicate') as duplicates,
    count(*) filter (error = 'duplicate') / nullif(count(ordinal), 0) as duplicate_share,
    count(*) filter (error = 'direction') as reversed,
    count(*) filter (error = 'direction')
        / nullif(count(*) filter (error = 'direction') + sum(tp), 0) as reversed_share,
    count(*) filter (error = 'cascaded') as cascaded,
    count(*) filter (error = 'cascaded') / nullif(count(*) filter (error <> 'correct'), 0) as cascaded_share
from relation_outcomes
where model_version in $versions and stage in ('raw', 'final') and split = 'test'
group by all
"""
_SILENT = """
select model_version, count(*) filter (tp + fp = 0) as silent, count(*) as documents,
    count(*) filter (tp + fp = 0) / count(*) as share
from document_scores
where model_version in $versions and stage = 'final' and split = 'test' and task = 'relation'
    and scheme = 'strict' and tp + fn > 0
group by all
"""
_REJECTED = """
select c.model_version, coalesce(r.lines, 0) as lines, coalesce(r.documents, 0) as documents,
    coalesce(r.documents, 0) / c.documents as share, c.cut, c.cut / c.documents as cut_share
from (
    select model_version, count(*) as documents, count(*) filter (finish_reason = 'length') as cut
    from completions where model_version in $versions and split = 'test' group by all
) c
left join (
    select model_version, count(*) as lines, count(distinct doc_id) as documents
    from rejected_lines where split = 'test' group by all
) r using (model_version)
"""
_BIAS = """
with counted as (
    select 'train' as source, type from gold_relations where dataset = $dataset and split = 'train'
    union all
    select 'test', type from gold_relations where dataset = $dataset and split = 'test'
    union all
    select model_version, predicted_type from relation_outcomes
    where model_version in $versions and stage = 'final' and split = 'test' and predicted_type is not null
)
select type, source, count(*) as items, count(*) / sum(count(*)) over (partition by source) as share
from counted
group by type, source
order by type, source
"""


@dataclass(frozen=True, slots=True)
class ErrorsSection:
    """Everything about errors; mappings lack a key where nothing was evaluated."""

    classes: Mapping[tuple[str, str, str, str], Mapping[str, Any]]
    """(task, error, model_version, stage) → `items`, `fp`, `fn`."""
    gains: Mapping[str, Answer]
    """Task → F1 of the version if one error class were repaired, best first."""
    flips: Mapping[str, Mapping[str, Number]]
    """Task → gold items that `both`, only the baseline (`regressions`), only the version (`fixes`),
    `neither` found."""
    relations: Mapping[tuple[str, str], Mapping[str, Any]]
    """(model_version, stage) → duplicates, reversed and cascaded relations."""
    silent: Mapping[str, Mapping[str, Any]]
    """Version → documents with gold relations and no predicted one."""
    rejected: Mapping[str, Mapping[str, Any]]
    """Version → lines that say nothing readable, completions that were cut."""
    bias: Mapping[tuple[str, str], Mapping[str, Any]]
    """(type, source) → share; a source is `train`, `test` (gold) or a version's name."""
    largest_bias: Mapping[str, Number]
    """Version → the largest absolute difference of a type's share from its share in train."""
    queries: Mapping[str, str]


def errors_section(ask: Questions, inputs: ReportInputs) -> ErrorsSection:
    """Return the errors of both versions; nothing evaluated gives empty mappings."""
    names = [each.name for each in inputs.pair]
    shares = {"share": Unit.SHARE, "cut_share": Unit.SHARE, "duplicate_share": Unit.SHARE,
              "reversed_share": Unit.SHARE, "cascaded_share": Unit.SHARE}  # fmt: skip
    classes = ask.table(_CLASSES, ("task", "error", "model_version", "stage"), versions=names)
    relations = ask.table(_RELATIONS, ("model_version", "stage"), shares, versions=names)
    silent = ask.table(_SILENT, ("model_version",), shares, versions=names)
    rejected = ask.table(_REJECTED, ("model_version",), shares, versions=names)
    bias = ask.table(_BIAS, ("type", "source"), shares, versions=names, dataset=inputs.dataset)
    return ErrorsSection(
        classes=classes.by("task", "error", "model_version", "stage"),
        gains={task: _gains(ask, inputs, task) for task in ("entity", "relation")},
        flips=_flips(ask, inputs),
        relations=relations.by("model_version", "stage"),
        silent=silent.by("model_version"),
        rejected=rejected.by("model_version"),
        bias=bias.by("type", "source"),
        largest_bias={each.name: _largest_bias(ask, inputs, each.name) for each in inputs.pair if
        each.evaluated},
        queries={"classes": classes.sql, "relations": relations.sql, "silent": silent.sql, "rejected":
        rejected.sql,
                 "bias": bias.sql},
    )  # fmt: skip


def _gains(ask: Questions, inputs: ReportInputs, task: str) -> Answer:
    units = {"f1": Unit.SHARE, "gain": Unit.POINTS}
    return ask.table(_GAINS.replace("{task}", task), ("error",), units, version=inputs.version.name)


def _flips(ask: Questions, inputs: ReportInputs) -> dict[str, Mapping[str, Number]]:
    if inputs.baseline is None or not inputs.baseline.evaluated or not inputs.version.evaluated:
        return {}
    found = {}
    for task, item in (("entity", "entity_id"), ("relation", "relation_id")):
        sql = _FLIPS.replace("{task}", task).replace("{item}", item)
        answer = ask.table(sql, (), version=inputs.version.name, baseline=inputs.baseline.name)
        found[task] = answer.rows[0]
    return found


def _largest_bias(ask: Questions, inputs: ReportInputs, version: str) -> Number:
    sql = f"""
        select max(abs(coalesce(p.share, 0) - coalesce(t.share, 0))) from
        (select type, share from ({_BIAS}) where source = 'train') t
        full join (select type, share from ({_BIAS}) where source = $version) p using (type)
    """  # noqa: S608 - a constant of this module within a constant
    return ask.number(sql, Unit.GAP, versions=[version], dataset=inputs.dataset, version=version)
