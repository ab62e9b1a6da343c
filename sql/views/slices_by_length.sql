-- slices_by_length: how good each version is on short and long documents. Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, dataset_version, stage, task, scheme, quarter).
-- Reads: document_scores, documents.
-- Units: quarter: 1 (shortest) to 4 of the test documents by length; characters in code points; tp, fp, fn:
-- items; precision, recall, f1: fractions, null where nothing can be divided.
create or replace view slices_by_length as
with lengths as (
    select
        dataset,
        dataset_version,
        doc_id,
        characters,
        ntile(4) over (partition by dataset, dataset_version order by characters, doc_id) as quarter
    from documents
    where split = 'test'
),

counts as (
    select
        scores.model_version,
        scores.evaluation_id,
        scores.dataset,
        scores.dataset_version,
        scores.stage,
        scores.task,
        scores.scheme,
        lengths.quarter,
        min(lengths.characters) as characters_from,
        max(lengths.characters) as characters_to,
        count(*) as documents,
        sum(scores.tp)::bigint as tp,
        sum(scores.fp)::bigint as fp,
        sum(scores.fn)::bigint as fn
    from document_scores as scores
    inner join lengths
        on
            scores.dataset = lengths.dataset
            and scores.dataset_version = lengths.dataset_version
            and scores.doc_id = lengths.doc_id
    where scores.split = 'test'
    group by
        scores.model_version,
        scores.evaluation_id,
        scores.dataset,
        scores.dataset_version,
        scores.stage,
        scores.task,
        scores.scheme,
        lengths.quarter
)

select
    model_version,
    evaluation_id,
    dataset,
    dataset_version,
    stage,
    task,
    scheme,
    quarter,
    characters_from,
    characters_to,
    documents,
    tp,
    fp,
    fn,
    tp / nullif(tp + fp, 0) as precision,
    tp / nullif(tp + fn, 0) as recall,
    2 * tp / nullif(2 * tp + fp + fn, 0) as f1
from counts;
