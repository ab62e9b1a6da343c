-- slices_by_attribute: recall on gold items by what is said of them (negation, certainty, …). Test split.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, attribute, value).
-- Reads: outcomes, documents, gold_entities, gold_relations.
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

attributed as (
    select
        outcomes.model_version,
        outcomes.evaluation_id,
        outcomes.dataset,
        outcomes.stage,
        outcomes.task,
        outcomes.doc_id,
        gold.attributes,
        outcomes.tp + outcomes.fn as items,
        outcomes.tp as found
    from outcomes
    inner join gold
        on
            outcomes.dataset = gold.dataset
            and outcomes.doc_id = gold.doc_id
            and outcomes.task = gold.task
            and outcomes.gold_id = gold.gold_id
    where len(gold.attributes) > 0
),

-- Most items have no attribute: theirs are the sums of a document less those of its attributed items, which
-- is a third of the work of joining every item.
documents as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        doc_id,
        sum(mentions) as mentions,
        sum(items) as items,
        sum(found) as found
    from (
        select
            model_version,
            evaluation_id,
            dataset,
            stage,
            task,
            doc_id,
            1 as mentions,
            tp + fn as items,
            tp as found
        from outcomes
        where gold_id is not null
        union all by name
        select
            * exclude (attributes, items, found),
            -1 as mentions,
            -items as items,
            -found as found
        from attributed
    ) as counted
    group by all
),

words as (
    select
        * exclude (attributes),
        unnest(attributes) as words
    from attributed
),

counts as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        split_part(words, '=', 1) as attribute,
        substr(words, strpos(words, '=') + 1) as value,
        count(distinct doc_id) as documents,
        sum(items)::bigint as items,
        sum(found)::bigint as found
    from words
    group by all
    union all by name
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        '' as attribute,
        '' as value,
        count(*) as documents,
        sum(items)::bigint as items,
        sum(found)::bigint as found
    from documents
    where mentions > 0
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
