-- How many of a version's predictions only repeat an earlier one, before and after each post-processing step?
-- parameters: version
-- Grain: one row per (task, stage), in the order in which the stages run.
-- Reads: predicted_entities, predicted_relations, duplicates, stages.
-- Units: predictions, duplicates: lines of the completions; share: duplicates / predictions; documents: those
-- with a duplicate; most_copies: of one prediction in one document. Test split.
with predictions as (
    select
        'entity' as task,
        stage,
        count(*) as predictions
    from predicted_entities
    where model_version = $version and split = 'test'
    group by stage
    union all
    select
        'relation' as task,
        stage,
        count(*) as predictions
    from predicted_relations
    where model_version = $version and split = 'test'
    group by stage
),

repeated as (
    select
        task,
        stage,
        sum(copies)::bigint as duplicates,
        count(distinct doc_id) as documents,
        max(copies) as most_copies
    from duplicates
    where model_version = $version
    group by task, stage
)

select
    predictions.task,
    predictions.stage,
    predictions.predictions,
    coalesce(repeated.duplicates, 0) as duplicates,
    coalesce(repeated.duplicates, 0) / predictions.predictions as share,
    coalesce(repeated.documents, 0) as documents,
    coalesce(repeated.most_copies, 0) as most_copies
from predictions
left join repeated on predictions.task = repeated.task and predictions.stage = repeated.stage
left join stages on predictions.stage = stages.stage and stages.model_version = $version
order by
    predictions.task, stages.position, predictions.stage = 'final', predictions.stage <> 'raw',
    predictions.stage;
