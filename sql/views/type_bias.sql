-- type_bias: which types a version predicts more or less often than gold has them and train showed them.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, type). Test against train split.
-- Reads: outcomes, evaluations, documents, gold_entities, gold_relations.
-- Units: predicted lines, gold mentions; shares are fractions of all of the task; biases are differences of
-- shares. Train is null once the dataset has another content.
create or replace view type_bias as
with pairs as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        predicted_type,
        gold_type,
        count(*) as mentions
    from outcomes
    group by model_version, evaluation_id, dataset, stage, task, predicted_type, gold_type
),

contents as (
    select
        dataset,
        dataset_version
    from documents
    group by dataset, dataset_version
),

trained as (
    select
        dataset,
        'entity' as task,
        type,
        count(*) as items
    from gold_entities
    where split = 'train'
    group by dataset, type
    union all
    select
        dataset,
        'relation' as task,
        type,
        count(*) as items
    from gold_relations
    where split = 'train'
    group by dataset, type
),

scored as (
    select distinct
        pairs.model_version,
        pairs.evaluation_id,
        pairs.dataset,
        pairs.stage,
        pairs.task
    from pairs
    inner join evaluations
        on pairs.model_version = evaluations.model_version and pairs.evaluation_id = evaluations.evaluation_id
    inner join contents
        on
            evaluations.dataset = contents.dataset
            and evaluations.dataset_version = contents.dataset_version
),

sides as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        predicted_type as type,
        mentions as predicted,
        0 as gold,
        null as train
    from pairs
    where predicted_type is not null
    union all
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        gold_type as type,
        0 as predicted,
        mentions as gold,
        null as train
    from pairs
    where gold_type is not null
    union all
    select
        scored.model_version,
        scored.evaluation_id,
        scored.dataset,
        scored.stage,
        scored.task,
        trained.type,
        0 as predicted,
        0 as gold,
        trained.items as train
    from scored
    inner join trained
        on scored.dataset = trained.dataset and scored.task = trained.task
),

totals as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        type,
        sum(predicted)::bigint as predicted,
        sum(gold)::bigint as gold,
        sum(train)::bigint as train,
        sum(sum(predicted)) over (partition by model_version, evaluation_id, stage, task) as all_predicted,
        sum(sum(gold)) over (partition by model_version, evaluation_id, stage, task) as all_gold,
        sum(sum(train)) over (partition by model_version, evaluation_id, stage, task) as all_train
    from sides
    group by model_version, evaluation_id, dataset, stage, task, type
),

shares as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        type,
        predicted,
        gold,
        case when all_train is not null then coalesce(train, 0) end as train,
        predicted / nullif(all_predicted, 0) as predicted_share,
        gold / nullif(all_gold, 0) as gold_share,
        case when all_train is not null then coalesce(train, 0) / all_train end as train_share
    from totals
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    type,
    predicted,
    gold,
    train,
    predicted_share,
    gold_share,
    train_share,
    predicted_share - gold_share as bias_to_gold,
    predicted_share - train_share as bias_to_train
from shares;
