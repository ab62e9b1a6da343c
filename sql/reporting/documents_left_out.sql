-- documents_left_out: the test documents that the report has no room for, most errors first. Stage final.
-- Grain: one row per doc_id after the first $shown.
-- Reads: documents, entity_outcomes, relation_outcomes.
-- Units: errors: items.
-- parameters: versions, dataset, shown
with own as (
    select
        doc_id,
        fp + fn as errors
    from entity_outcomes
    where model_version in $versions and stage = 'final' and split = 'test'
    union all
    select
        doc_id,
        fp + fn as errors
    from relation_outcomes
    where model_version in $versions and stage = 'final' and split = 'test'
)

select
    documents.doc_id,
    coalesce(sum(own.errors), 0)::bigint as errors
from documents
left join own on documents.doc_id = own.doc_id
where documents.dataset = $dataset and documents.split = 'test'
group by documents.doc_id
order by errors desc, documents.doc_id asc
offset $shown;
