-- error_counts: how each version fails. Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, error).
-- Reads: outcomes.
-- Units: items; share is a fraction of all items that are not correct.
create or replace view error_counts as
select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    error,
    count(*) as items,
    count(*) / sum(count(*)) over (partition by model_version, evaluation_id, stage, task) as share
from outcomes
where error <> 'correct'
group by model_version, evaluation_id, dataset, stage, task, error;
