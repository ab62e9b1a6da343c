-- How many test documents get no relation at all, and how many of those should have one?
-- Grain: one row per (model_version, stage), every version, in the order in which the stages run.
-- Reads: document_scores, documents_without_relations, stages.
-- Units: documents; share: fraction of all test documents that have a gold relation and get none.
with tested as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        count(*) as documents
    from document_scores
    where split = 'test' and task = 'relation' and scheme = 'strict'
    group by model_version, evaluation_id, dataset, stage
),

silent as (
    select
        model_version,
        evaluation_id,
        stage,
        count(*) as without_prediction,
        count(*) filter (where not rightly) as wrongly,
        sum(gold_relations)::bigint as missed_relations
    from documents_without_relations
    group by model_version, evaluation_id, stage
)

select
    tested.dataset,
    tested.model_version,
    tested.stage,
    tested.documents,
    coalesce(silent.without_prediction, 0) as without_prediction,
    coalesce(silent.wrongly, 0) as wrongly,
    coalesce(silent.wrongly, 0) / tested.documents as share,
    coalesce(silent.missed_relations, 0) as missed_relations
from tested
left join silent
    on
        tested.model_version = silent.model_version
        and tested.evaluation_id = silent.evaluation_id
        and tested.stage = silent.stage
left join stages on tested.model_version = stages.model_version and tested.stage = stages.stage
order by
    tested.dataset, tested.model_version, stages.position, tested.stage = 'final', tested.stage <> 'raw',
    tested.stage;
