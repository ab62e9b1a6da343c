-- oracle_gain: what F1 would be if one class of error were fixed and nothing else changed. Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, error). Headline schemes.
-- Reads: outcomes.
-- Units: items; f1, f1_if_fixed: fractions; gain: their difference. Fixed: what the class misses is found,
-- and what it predicts wrongly is not predicted.
create or replace view oracle_gain as
with classes as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        error,
        count(*) filter (where fp + fn > 0) as items,
        sum(tp)::bigint as tp,
        sum(fp)::bigint as fp,
        sum(fn)::bigint as fn
    from outcomes
    group by model_version, evaluation_id, dataset, stage, task, error
),

totals as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        error,
        items,
        fp,
        fn,
        sum(tp) over all_classes as all_tp,
        sum(fp) over all_classes as all_fp,
        sum(fn) over all_classes as all_fn
    from classes
    window all_classes as (partition by model_version, evaluation_id, stage, task)
),

both_scores as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        error,
        items,
        2 * all_tp / nullif(2 * all_tp + all_fp + all_fn, 0) as f1,
        2 * (all_tp + fn) / nullif(2 * (all_tp + fn) + all_fp - fp + all_fn - fn, 0) as f1_if_fixed
    from totals
    where error <> 'correct'
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    error,
    items,
    f1,
    f1_if_fixed,
    f1_if_fixed - f1 as gain
from both_scores;
