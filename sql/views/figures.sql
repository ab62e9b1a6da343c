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

ratios as (
    select
        model_version,
        stage,
        task,
        group_id,
        'precision' as figure,
        right_items as x,
        predicted as n
    from summed
    union all
    select
        model_version,
        stage,
        task,
        group_id,
        'recall' as figure,
        right_items as x,
        gold as n
    from summed
    union all
    select
        model_version,
        stage,
        task,
        group_id,
        figure,
        x,
        n
    from (
        unpivot counted
        on duplicate, ungrounded, type, boundary, type_boundary, direction, cascaded, spurious
        into name figure value x
    )
),

held as (
    select *
    from ratios
    where n > 0
),

pooled as (
    select
        model_version,
        stage,
        task,
        figure,
        sum(x) / sum(n) as value,
        sum(n) as items,
        count(*) as units
    from held
    group by all
),

varied as (
    select
        held.model_version,
        held.stage,
        held.task,
        held.figure,
        pooled.value,
        pooled.units,
        pooled.units / (pooled.units - 1) * sum((held.x - pooled.value * held.n) ** 2)
        / pooled.items ** 2 as variance
    from pooled
    inner join held
        on
            pooled.model_version = held.model_version
            and pooled.stage = held.stage
            and pooled.task = held.task
            and pooled.figure = held.figure
    where pooled.units >= 20
    group by
        held.model_version, held.stage, held.task, held.figure, pooled.value, pooled.units, pooled.items
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
