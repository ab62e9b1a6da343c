-- How many of a version's predictions only repeat an earlier one, before and after each post-processing step?
-- parameters: version
-- Grain: one row per (task, stage).
-- Reads: outcomes, duplicates.
-- Units: predictions, duplicates: items; share: duplicates / predictions; documents: those with a duplicate.
with predictions as (
    select
        task,
        stage,
        count(*) as predictions,
        count(*) filter (where error = 'duplicate') as duplicates,
        count(distinct doc_id) filter (where error = 'duplicate') as documents
    from outcomes
    where model_version = $version and ordinal is not null
    group by task, stage
),

repeated as (
    select
        task,
        stage,
        max(copies) as most_copies
    from duplicates
    where model_version = $version
    group by task, stage
)

select
    predictions.task,
    predictions.stage,
    predictions.predictions,
    predictions.duplicates,
    predictions.duplicates / predictions.predictions as share,
    predictions.documents,
    coalesce(repeated.most_copies, 0) as most_copies
from predictions
left join repeated on predictions.task = repeated.task and predictions.stage = repeated.stage
order by predictions.task, predictions.stage = 'final', predictions.stage <> 'raw', predictions.stage;
