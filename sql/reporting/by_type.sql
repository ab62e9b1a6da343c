-- by_type: scores by type. An item counts under the type it has: a gold item under its gold type, a false
-- positive under its predicted type. Test split, stage final.
-- Grain: one row per (type, model_version).
-- Reads: outcomes.
-- Units: tp, fp, fn: items; precision, recall, f1: fractions.
-- parameters: versions, task
with counted as (
    select
        model_version,
        gold_type as type,
        tp,
        0 as fp,
        fn
    from outcomes
    where model_version in $versions and task = $task and stage = 'final' and gold_type is not null
    union all
    select
        model_version,
        predicted_type as type,
        0 as tp,
        fp,
        0 as fn
    from outcomes
    where model_version in $versions and task = $task and stage = 'final' and predicted_type is not null
)

select
    type,
    model_version,
    sum(tp)::bigint as tp,
    sum(fp)::bigint as fp,
    sum(fn)::bigint as fn,
    sum(tp) / nullif(sum(tp) + sum(fp), 0) as precision,
    sum(tp) / nullif(sum(tp) + sum(fn), 0) as recall,
    2 * sum(tp) / nullif(2 * sum(tp) + sum(fp) + sum(fn), 0) as f1
from counted
group by type, model_version
order by type, model_version;
