-- For which test documents does a version predict no relation although gold has some?
-- parameters: version
-- Grain: one row per document, stage final, most missed relations first.
-- Reads: documents_without_relations.
-- Units: items of the document.
select
    doc_id,
    gold_relations,
    gold_entities,
    predicted_entities
from documents_without_relations
where model_version = $version and stage = 'final' and not rightly
order by gold_relations desc, doc_id;
