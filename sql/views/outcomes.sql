-- outcomes: what became of every predicted and every gold item, entities and relations in one shape.
-- Grain: one row per predicted line, unmatched gold mention, or pair of both, at one stage. Test split. Every
-- column is qualified, because a macro's parameter of the same name would clash with a bare one.
-- Reads: entity_outcomes, relation_outcomes.
-- Units: tp, fp, fn: items, 0 or 1; their sums are the headline counts. An item that stands several times
-- counts on one of its rows, so rows are mentions and not items; each gold mention has exactly one row.
create or replace view outcomes as
select
    entities.model_version,
    entities.evaluation_id,
    entities.dataset,
    entities.stage,
    'entity' as task,
    entities.doc_id,
    entities.error,
    entities.tp,
    entities.fp,
    entities.fn,
    entities.ordinal,
    entities.entity_id as gold_id,
    entities.predicted_type,
    entities.gold_type,
    entities.predicted_text as predicted,
    entities.gold_text as gold,
    coalesce(entities.predicted_text, entities.gold_text) as anchor,
    coalesce(entities.predicted_start, entities.gold_start) as anchor_start
from entity_outcomes as entities
where entities.split = 'test'
union all
select
    relations.model_version,
    relations.evaluation_id,
    relations.dataset,
    relations.stage,
    'relation' as task,
    relations.doc_id,
    relations.error,
    relations.tp,
    relations.fp,
    relations.fn,
    relations.ordinal,
    relations.relation_id::varchar as gold_id,
    relations.predicted_type,
    relations.gold_type,
    relations.predicted_head || ' → ' || relations.predicted_tail as predicted,
    relations.gold_head || ' → ' || relations.gold_tail as gold,
    coalesce(relations.predicted_head, relations.gold_head) as anchor,
    null as anchor_start
from relation_outcomes as relations
where relations.split = 'test';
