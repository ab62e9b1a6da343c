-- error_counts: how each version fails. Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, error).
-- Reads: outcomes.
-- Units: items, as the scores count them; mentions: lines and gold mentions of the class, also those of an
-- item that counts already and duplicates that a stage does not count; fp, fn: items; share: a fraction of
-- all items that are not correct.
create or replace view error_counts as
with counts as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        error,
        count(*) filter (where fp + fn > 0) as items,
        count(*) as mentions,
        sum(fp)::bigint as fp,
        sum(fn)::bigint as fn
    from outcomes
    where error <> 'correct'
    group by model_version, evaluation_id, dataset, stage, task, error
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    error,
    items,
    mentions,
    fp,
    fn,
    items / nullif(sum(items) over (partition by model_version, evaluation_id, stage, task), 0) as share
from counts;
