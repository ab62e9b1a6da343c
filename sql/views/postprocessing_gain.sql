-- postprocessing_gain: what each post-processing step gains or costs. Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, task, scheme, stage).
-- Reads: metrics, recipes.
-- Units: position: 0 for raw, then the recipe's steps, final last; the rest: fractions. Stages are
-- cumulative. What is against the previous stage is null where the recipe has other steps than the
-- evaluation: it was changed since.
create or replace view postprocessing_gain as
with steps as (
    select
        model_version,
        value::varchar[] as names
    from recipes
    where setting = 'postprocessing'
),

placed as (
    select
        metrics.model_version,
        metrics.evaluation_id,
        metrics.dataset,
        metrics.task,
        metrics.scheme,
        metrics.stage,
        metrics.precision,
        metrics.recall,
        metrics.f1,
        len(steps.names) + 2 as stages,
        case metrics.stage
            when 'raw' then 0
            when 'final' then len(steps.names) + 1
            else list_position(steps.names, metrics.stage)
        end as position
    from metrics
    left join steps on metrics.model_version = steps.model_version
),

compared as (
    select
        model_version,
        evaluation_id,
        dataset,
        task,
        scheme,
        stage,
        position,
        precision,
        recall,
        f1,
        max(f1) filter (where stage = 'raw') over every_stage as raw_f1,
        count(position) over every_stage = stages and count(*) over every_stage = stages as known,
        lag(precision) over by_position as previous_precision,
        lag(recall) over by_position as previous_recall,
        lag(f1) over by_position as previous_f1
    from placed
    window
        every_stage as (partition by model_version, evaluation_id, task, scheme),
        by_position as (partition by model_version, evaluation_id, task, scheme order by position)
)

select
    model_version,
    evaluation_id,
    dataset,
    task,
    scheme,
    stage,
    position,
    precision,
    recall,
    f1,
    f1 - raw_f1 as gain_over_raw,
    case when known then precision - previous_precision end as precision_gain,
    case when known then recall - previous_recall end as recall_gain,
    case when known then f1 - previous_f1 end as f1_gain
from compared;
