-- figures: each figure of which something can be expected, with its 95 % interval.
-- Grain: one row per (model_version, stage, task, figure).
-- Reads: metrics, document_scores, entity_outcomes, relation_outcomes. Test split; strings, strict relations.
-- Units: figure: precision, recall, f1, or an error class: its share of what is predicted; value, low, high:
-- fractions. F1 has the interval of metrics. The others are ratios of sums over groups: Wilson's interval
-- (1927) at the effective sample size, the number of independent items that would vary as much from group to
-- group (Korn & Graubard 1998; Franco et al. 2019), with t for z. Fewer than 20 groups with an item: none.
create or replace view figures as
with summed as (
    select
        model_version,
        stage,
        task,
        group_id,
        sum(tp) as right_items,
        sum(tp + fp) as predicted,
        sum(tp + fn) as gold
    from document_scores
    where
        split = 'test'
        and ((task = 'entity' and scheme = 'text') or (task = 'relation' and scheme = 'strict'))
    group by all
),

groups as (
    select distinct
        model_version,
        doc_id,
        group_id
    from document_scores
    where split = 'test'
),

said as (
    select
        model_version,
        stage,
        'entity' as task,
        doc_id,
        error
    from entity_outcomes
    where split = 'test' and ordinal is not null
    union all
    select
        model_version,
        stage,
        'relation' as task,
        doc_id,
        error
    from relation_outcomes
    where split = 'test' and ordinal is not null
),

counted as (
    select
        said.model_version,
        said.stage,
        said.task,
        groups.group_id,
        count(*) as n,
        count(*) filter (where said.error = 'duplicate') as duplicate,
        count(*) filter (where said.error = 'ungrounded') as ungrounded,
        count(*) filter (where said.error = 'type') as type,
        count(*) filter (where said.error = 'boundary') as boundary,
        count(*) filter (where said.error = 'type_boundary') as type_boundary,
        count(*) filter (where said.error = 'direction') as direction,
        count(*) filter (where said.error = 'cascaded') as cascaded,
        count(*) filter (where said.error = 'spurious') as spurious
    from said
    inner join groups
        on said.model_version = groups.model_version and said.doc_id = groups.doc_id
    group by all
),

-- Sums over groups, of which value and variance are made: a row per group and figure would be many times as
-- many rows (17 s of processor for 10 million outcomes, where the sums take 6).
shares as (
    select
        model_version,
        stage,
        task,
        count(*) as units,
        sum(n) as items,
        sum(n * n) as nn,
        sum(duplicate) as duplicate_x,
        sum(duplicate * duplicate) as duplicate_xx,
        sum(duplicate * n) as duplicate_xn,
        sum(ungrounded) as ungrounded_x,
        sum(ungrounded * ungrounded) as ungrounded_xx,
        sum(ungrounded * n) as ungrounded_xn,
        sum(type) as type_x,
        sum(type * type) as type_xx,
        sum(type * n) as type_xn,
        sum(boundary) as boundary_x,
        sum(boundary * boundary) as boundary_xx,
        sum(boundary * n) as boundary_xn,
        sum(type_boundary) as type_boundary_x,
        sum(type_boundary * type_boundary) as type_boundary_xx,
        sum(type_boundary * n) as type_boundary_xn,
        sum(direction) as direction_x,
        sum(direction * direction) as direction_xx,
        sum(direction * n) as direction_xn,
        sum(cascaded) as cascaded_x,
        sum(cascaded * cascaded) as cascaded_xx,
        sum(cascaded * n) as cascaded_xn,
        sum(spurious) as spurious_x,
        sum(spurious * spurious) as spurious_xx,
        sum(spurious * n) as spurious_xn
    from counted
    group by all
),

moments as (
    select
        listed.model_version,
        listed.stage,
        listed.task,
        listed.units,
        listed.items,
        listed.nn,
        listed.one.figure,
        listed.one.x,
        listed.one.xx,
        listed.one.xn
    from (
        select
            *,
            unnest(
                [
                    { 'figure': 'duplicate', 'x': duplicate_x, 'xx': duplicate_xx, 'xn': duplicate_xn },
                    { 'figure': 'ungrounded', 'x': ungrounded_x, 'xx': ungrounded_xx, 'xn': ungrounded_xn },
                    { 'figure': 'type', 'x': type_x, 'xx': type_xx, 'xn': type_xn },
                    { 'figure': 'boundary', 'x': boundary_x, 'xx': boundary_xx, 'xn': boundary_xn },
                    {
                        'figure': 'type_boundary',
                        'x': type_boundary_x,
                        'xx': type_boundary_xx,
                        'xn': type_boundary_xn
                    },
                    { 'figure': 'direction', 'x': direction_x, 'xx': direction_xx, 'xn': direction_xn },
                    { 'figure': 'cascaded', 'x': cascaded_x, 'xx': cascaded_xx, 'xn': cascaded_xn },
                    { 'figure': 'spurious', 'x': spurious_x, 'xx': spurious_xx, 'xn': spurious_xn }
                ]
            ) as one
        from shares
    ) as listed
    union all by name
    select
        model_version,
        stage,
        task,
        count(*) as units,
        sum(predicted) as items,
        sum(predicted * predicted) as nn,
        'precision' as figure,
        sum(right_items) as x,
        sum(right_items * right_items) as xx,
        sum(right_items * predicted) as xn
    from summed
    where predicted > 0
    group by all
    union all by name
    select
        model_version,
        stage,
        task,
        count(*) as units,
        sum(gold) as items,
        sum(gold * gold) as nn,
        'recall' as figure,
        sum(right_items) as x,
        sum(right_items * right_items) as xx,
        sum(right_items * gold) as xn
    from summed
    where gold > 0
    group by all
),

pooled as (
    select
        model_version,
        stage,
        task,
        figure,
        units,
        items,
        x / items as value,
        -- The sum of (x - value * n)² over groups.
        xx - 2 * (x / items) * xn + (x / items) ** 2 * nn as squares,
        -- What is no more than the rounding of that difference is none.
        1e-9 * xx as rounding
    from moments
),

varied as (
    select
        *,
        case when squares > rounding then units / (units - 1) * squares / items ** 2 else 0 end as variance
    from pooled
    where units >= 20
),

-- The quantile of t with units - 1 degrees of freedom from that of the normal distribution: Abramowitz &
-- Stegun 26.7.5, exact to four digits from 19 degrees on. Without variation between groups, a group is one
-- item.
effective as (
    select
        *,
        case when variance > 0 then value * (1 - value) / variance else units end as size,
        1.959963985 + (1.959963985 ** 3 + 1.959963985) / (4 * (units - 1))
        + (5 * 1.959963985 ** 5 + 16 * 1.959963985 ** 3 + 3 * 1.959963985) / (96 * (units - 1) ** 2) as t
    from varied
),

bounded as (
    select
        *,
        (value + t ** 2 / (2 * size)) / (1 + t ** 2 / size) as centre,
        t / (1 + t ** 2 / size) * sqrt(value * (1 - value) / size + t ** 2 / (4 * size ** 2)) as half
    from effective
)

select
    pooled.model_version,
    pooled.stage,
    pooled.task,
    pooled.figure,
    pooled.value,
    greatest(bounded.centre - bounded.half, 0) as low,
    least(bounded.centre + bounded.half, 1) as high
from pooled
left join bounded
    on
        pooled.model_version = bounded.model_version
        and pooled.stage = bounded.stage
        and pooled.task = bounded.task
        and pooled.figure = bounded.figure
union all
select
    model_version,
    stage,
    task,
    'f1' as figure,
    f1 as value,
    f1_low as low,
    f1_high as high
from metrics
where (task = 'entity' and scheme = 'text') or (task = 'relation' and scheme = 'strict');
