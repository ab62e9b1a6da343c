-- scores_by_type: how good each version is on each entity and relation type. Test split, headline schemes.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, type).
-- Reads: outcomes.
-- Units: tp, fp, fn: items; precision, recall, f1: fractions, null where nothing can be divided. A false
-- positive counts for the predicted type, all else for the gold type.
create or replace view scores_by_type as
with pairs as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        predicted_type,
        gold_type,
        sum(tp)::bigint as tp,
        sum(fp)::bigint as fp,
        sum(fn)::bigint as fn
    from outcomes
    group by model_version, evaluation_id, dataset, stage, task, predicted_type, gold_type
),

sides as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        gold_type as type,
        tp,
        0 as fp,
        fn
    from pairs
    union all
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        predicted_type as type,
        0 as tp,
        fp,
        0 as fn
    from pairs
),

counts as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        type,
        sum(tp)::bigint as tp,
        sum(fp)::bigint as fp,
        sum(fn)::bigint as fn
    from sides
    where tp + fp + fn > 0
    group by model_version, evaluation_id, dataset, stage, task, type
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    type,
    tp,
    fp,
    fn,
    tp / nullif(tp + fp, 0) as precision,
    tp / nullif(tp + fn, 0) as recall,
    2 * tp / (2 * tp + fp + fn) as f1
from counts;
