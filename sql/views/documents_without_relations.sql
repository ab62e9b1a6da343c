-- documents_without_relations: test documents for which a version predicts no relation at all.
-- Grain: one row per (model_version, evaluation_id, dataset, dataset_version, stage, doc_id).
-- Reads: document_scores.
-- Units: items of the document; rightly: gold has no relation either.
create or replace view documents_without_relations as
with silent as (
    select
        model_version,
        evaluation_id,
        dataset,
        dataset_version,
        stage,
        doc_id,
        fn
    from document_scores
    where split = 'test' and task = 'relation' and scheme = 'strict' and tp + fp = 0
),

mentions as (
    select
        model_version,
        evaluation_id,
        stage,
        doc_id,
        tp,
        fp,
        fn
    from document_scores
    where split = 'test' and task = 'entity' and scheme = 'text'
)

select
    silent.model_version,
    silent.evaluation_id,
    silent.dataset,
    silent.dataset_version,
    silent.stage,
    silent.doc_id,
    silent.fn as gold_relations,
    mentions.tp + mentions.fn as gold_entities,
    mentions.tp + mentions.fp as predicted_entities,
    silent.fn = 0 as rightly
from silent
left join mentions
    on
        silent.model_version = mentions.model_version
        and silent.evaluation_id = mentions.evaluation_id
        and silent.stage = mentions.stage
        and silent.doc_id = mentions.doc_id;
