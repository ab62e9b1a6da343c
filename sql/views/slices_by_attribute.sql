-- slices_by_attribute: recall on gold items by what is said of them (negation, certainty, …). Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, attribute, value).
-- Reads: outcomes, gold_entities, gold_relations.
-- Units: attribute, value: as the source names them; both '' of items of which nothing is said; items: gold
-- items, as the headline counts them; found: of those, items that were predicted; recall: a fraction.
create or replace view slices_by_attribute as
with gold as (
    select
        dataset,
        doc_id,
        'entity' as task,
        entity_id as gold_id,
        attributes
    from gold_entities
    where split = 'test'
    union all
    select
        dataset,
        doc_id,
        'relation' as task,
        relation_id::varchar as gold_id,
        attributes
    from gold_relations
    where split = 'test'
),

said as (
    select
        dataset,
        doc_id,
        task,
        gold_id,
        unnest(case when coalesce(len(attributes), 0) = 0 then [''] else attributes end) as words
    from gold
),

counts as (
    select
        outcomes.model_version,
        outcomes.evaluation_id,
        outcomes.dataset,
        outcomes.stage,
        outcomes.task,
        split_part(said.words, '=', 1) as attribute,
        substr(said.words, strpos(said.words, '=') + 1) as value,
        count(distinct outcomes.doc_id) as documents,
        sum(outcomes.tp + outcomes.fn)::bigint as items,
        sum(outcomes.tp)::bigint as found
    from outcomes
    inner join said
        on
            outcomes.dataset = said.dataset
            and outcomes.doc_id = said.doc_id
            and outcomes.task = said.task
            and outcomes.gold_id = said.gold_id
    group by all
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    attribute,
    value,
    documents,
    items,
    found,
    found / nullif(items, 0) as recall
from counts;
