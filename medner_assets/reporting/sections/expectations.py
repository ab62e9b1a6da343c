"""Expectation: each figure of which anything was expected, with its interval, held against its range.

F1 has the interval of `metrics`. Precision, recall and error shares are ratios of sums over groups of
documents. Their interval is Wilson's (1927) at the effective sample size, the number of independent items
that would vary as much as this ratio varies from group to group (Korn & Graubard 1998; compared with
others by Franco et al. 2019), with t for z. It stays within 0 and 1, and has a width at 0 and 1 too.
Fewer than 20 groups that hold an item give none.
"""

from medner_assets.recipes.settings import Expectation
from medner_assets.reporting.expectation import ExpectationRow, Measured, expectation_rows
from medner_assets.reporting.numbers import Unit
from medner_assets.reporting.questions import Questions

EXPECTATION_TABLES = ("metrics", "document_scores", "entity_outcomes", "relation_outcomes")
"""What the section is asked from: rows of the version."""

# The quantile of t with groups - 1 degrees of freedom from that of the normal distribution: Abramowitz &
# Stegun 26.7.5, exact to four digits from 19 degrees on. Without variation between groups, a group is one
# item.
_RATIOS = """
with summed as (
    select stage, task, 'precision' as figure, group_id, sum(tp) as x, sum(tp + fp) as n from document_scores
    where model_version = $version and split = 'test'
        and (task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict')
    group by all
    union all
    select stage, task, 'recall', group_id, sum(tp), sum(tp + fn) from document_scores
    where model_version = $version and split = 'test'
        and (task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict')
    group by all
    union all
    select o.stage, o.task, c.figure, g.group_id, count(*) filter (o.error = c.figure), count(*)
    from (
        select 'entity' as task, stage, doc_id, error from entity_outcomes
        where model_version = $version and split = 'test' and ordinal is not null
        union all
        select 'relation', stage, doc_id, error from relation_outcomes
        where model_version = $version and split = 'test' and ordinal is not null
    ) o
    cross join (values ('duplicate'), ('ungrounded'), ('type'), ('boundary'), ('type_boundary'),
        ('direction'), ('cascaded'), ('spurious')) c (figure)
    join (
        select distinct doc_id, group_id from document_scores
        where model_version = $version and split = 'test'
    ) g using (doc_id)
    group by all
), held as (select * from summed where n > 0
), ratios as (
    select stage, task, figure, sum(x) / sum(n) as value, sum(n) as items, count(*) as units
    from held group by all
), varied as (
    select stage, task, figure, value, units,
        units / (units - 1) * sum((x - value * n) ** 2) / items ** 2 as variance
    from ratios join held using (stage, task, figure) where units > 1
    group by stage, task, figure, value, units, items
), effective as (
    select *, case when variance > 0 then value * (1 - value) / variance else units end as size,
        1.959963985 + (1.959963985 ** 3 + 1.959963985) / (4 * (units - 1))
            + (5 * 1.959963985 ** 5 + 16 * 1.959963985 ** 3 + 3 * 1.959963985)
                / (96 * (units - 1) ** 2) as t
    from varied where units >= 20
), bounded as (
    select *, (value + t ** 2 / (2 * size)) / (1 + t ** 2 / size) as centre,
        t / (1 + t ** 2 / size) * sqrt(value * (1 - value) / size + t ** 2 / (4 * size ** 2)) as half
    from effective
)
select r.stage, r.task, r.figure, r.value, greatest(centre - half, 0) as low, least(centre + half, 1) as high
from ratios r left join bounded b using (stage, task, figure)
"""
_F1 = """
select stage, task, f1 as value, f1_low as low, f1_high as high from metrics
where model_version = $version and dataset = $dataset
    and (task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict')
"""
_UNITS = dict.fromkeys(("value", "low", "high"), Unit.SHARE)


def expectations_section(
    ask: Questions, expectation: Expectation | None, version: str, dataset: str
) -> tuple[ExpectationRow, ...]:
    """Return a row for each figure of which anything was expected; empty where nothing was."""
    if expectation is None:
        return ()
    measured = {
        (row["stage"], row["task"], row["figure"]): Measured(row["value"], row["low"], row["high"])
        for row in ask.table(_RATIOS, ("stage", "task", "figure"), _UNITS, version=version).rows
    }
    for row in ask.table(_F1, ("stage", "task"), _UNITS, version=version, dataset=dataset).rows:
        measured[row["stage"], row["task"], "f1"] = Measured(row["value"], row["low"], row["high"])
    return expectation_rows(expectation, measured, version)
