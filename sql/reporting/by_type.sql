-- by_type: scores by type. An item counts under the type it has: a gold item under its gold type, a false
-- positive under its predicted type. Test split, stage final.
-- Grain: one row per (type, model_version).
-- Reads: outcomes, document_scores.
-- Units: tp, fp, fn: items; precision, recall, f1: fractions. f1_low, f1_high: 95 % interval of f1 over
-- groups of documents, t on the logit scale, as scoring/statistics/logit.py has it; null where fewer than two
-- groups hold an item of the type. The quantile of t is exact for 1 and 2 degrees of freedom, else the
-- expansion 26.7.5 of Abramowitz & Stegun 1972, within 0.2 %.
-- parameters: versions, task
with counted as (
    select
        model_version,
        doc_id,
        gold_type as type,
        tp,
        0 as fp,
        fn
    from outcomes
    where model_version in $versions and task = $task and stage = 'final' and gold_type is not null
    union all
    select
        model_version,
        doc_id,
        predicted_type as type,
        0 as tp,
        fp,
        0 as fn
    from outcomes
    where model_version in $versions and task = $task and stage = 'final' and predicted_type is not null
),

groups as (
    select distinct
        model_version,
        doc_id,
        group_id
    from document_scores
    where model_version in $versions and split = 'test'
),

grouped as (
    select
        counted.type,
        counted.model_version,
        groups.group_id,
        sum(counted.tp)::bigint as tp,
        sum(counted.fp)::bigint as fp,
        sum(counted.fn)::bigint as fn
    from counted
    left join groups
        on counted.model_version = groups.model_version and counted.doc_id = groups.doc_id
    group by counted.type, counted.model_version, groups.group_id
),

totals as (
    select
        type,
        model_version,
        sum(tp)::bigint as tp,
        sum(fp)::bigint as fp,
        sum(fn)::bigint as fn,
        2 * sum(tp) / nullif(2 * sum(tp) + sum(fp) + sum(fn), 0) as f1,
        count(*) filter (where tp + fp + fn > 0) as held
    from grouped
    group by type, model_version
),

moved as (
    select
        totals.type,
        totals.model_version,
        sum((2 * grouped.tp - totals.f1 * (2 * grouped.tp + grouped.fp + grouped.fn)) ** 2) as squares
    from totals
    inner join grouped
        on totals.type = grouped.type and totals.model_version = grouped.model_version
    group by totals.type, totals.model_version
),

spreads as (
    select
        totals.*,
        sqrt(totals.held / nullif(totals.held - 1, 0) * moved.squares)
        / (2 * totals.tp + totals.fp + totals.fn) as error,
        (2 * totals.tp + 1) / (2 * totals.tp + totals.fp + totals.fn + 2) as shrunk
    from totals
    inner join moved
        on totals.type = moved.type and totals.model_version = moved.model_version
),

-- Where groups show no spread, F1 is 0 or 1: it is shrunk, and the groups count as that many draws.
scaled as (
    select
        *,
        if(error >= 1e-12, f1, shrunk) as middle,
        if(error >= 1e-12, error, sqrt(shrunk * (1 - shrunk) / held)) as width,
        case held - 1
            when 0 then null  -- one group tells no spread
            when 1 then 12.7062047
            when 2 then 4.3026527
            else
                1.9599640 + 2.3722713 / (held - 1) + 2.8224987 / (held - 1) ** 2
                + 2.5558497 / (held - 1) ** 3 + 1.5895342 / (held - 1) ** 4
        end as quantile
    from spreads
),

reached as (
    select
        *,
        ln(middle / (1 - middle)) as centre,
        quantile * width / (middle * (1 - middle)) as reach
    from scaled
)

select
    type,
    model_version,
    tp,
    fp,
    fn,
    tp / nullif(tp + fp, 0) as precision,
    tp / nullif(tp + fn, 0) as recall,
    f1,
    case when held > 1 then least(1 / (1 + exp(reach - centre)), f1) end as f1_low,
    case when held > 1 then greatest(1 / (1 + exp(-reach - centre)), f1) end as f1_high
from reached
order by type, model_version;
