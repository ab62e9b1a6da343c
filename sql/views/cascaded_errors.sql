-- cascaded_errors: relations that are wrong only because an argument is, with what is wrong about each
-- argument.
-- Grain: one row per item with that error at one stage. Test split.
-- Reads: relation_outcomes, entity_outcomes.
-- Units: ordinal and relation_id count from 0; head_error, tail_error: the error class of the gold argument
-- among the entities, null where that entity is found.
create or replace view cascaded_errors as
with cascaded as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        doc_id,
        ordinal,
        relation_id,
        predicted_type,
        predicted_head,
        predicted_head_type,
        predicted_tail,
        predicted_tail_type,
        gold_type,
        gold_head,
        gold_head_type,
        gold_tail,
        gold_tail_type
    from relation_outcomes
    where split = 'test' and error = 'cascaded' and fp + fn > 0
),

causes as (
    select
        entities.model_version,
        entities.evaluation_id,
        entities.stage,
        entities.doc_id,
        entities.gold_type,
        entities.gold_text,
        min(entities.error) as error
    from entity_outcomes as entities
    semi join cascaded
        on
            entities.doc_id = cascaded.doc_id
            and entities.stage = cascaded.stage
            and entities.model_version = cascaded.model_version
            and entities.evaluation_id = cascaded.evaluation_id
    where entities.split = 'test' and entities.error <> 'correct' and entities.gold_text is not null
    group by
        entities.model_version,
        entities.evaluation_id,
        entities.stage,
        entities.doc_id,
        entities.gold_type,
        entities.gold_text
)

select
    cascaded.model_version,
    cascaded.evaluation_id,
    cascaded.dataset,
    cascaded.stage,
    cascaded.doc_id,
    cascaded.ordinal,
    cascaded.relation_id,
    cascaded.predicted_type,
    cascaded.predicted_head,
    cascaded.predicted_tail,
    cascaded.gold_type,
    cascaded.gold_head,
    cascaded.gold_tail,
    heads.error as head_error,
    tails.error as tail_error
from cascaded
left join causes as heads
    on
        cascaded.model_version = heads.model_version
        and cascaded.evaluation_id = heads.evaluation_id
        and cascaded.stage = heads.stage
        and cascaded.doc_id = heads.doc_id
        and cascaded.gold_head = heads.gold_text
        and cascaded.gold_head_type = heads.gold_type
left join causes as tails
    on
        cascaded.model_version = tails.model_version
        and cascaded.evaluation_id = tails.evaluation_id
        and cascaded.stage = tails.stage
        and cascaded.doc_id = tails.doc_id
        and cascaded.gold_tail = tails.gold_text
        and cascaded.gold_tail_type = tails.gold_type;
