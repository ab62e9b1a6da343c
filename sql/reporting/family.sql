-- family: every scored version of a dataset with its cost, losses and headline scores, without replicates.
-- Grain: one row per model_version.
-- Reads: adapters, metrics.
-- Units: F1: fractions; train_seconds: s; losses: nats per token.
-- parameters: dataset
with scored as (
    select
        model_version,
        dataset,
        stage,
        f1,
        task
    from metrics
    where task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict'
)

select
    adapters.model_version,
    adapters.epochs,
    adapters.trainable_parameters,
    adapters.train_seconds,
    adapters.final_train_loss,
    adapters.best_eval_loss,
    entity.f1 as entity_f1,
    relation.f1 as relation_f1,
    written.f1 as relation_raw
from adapters
inner join scored as relation
    on
        adapters.model_version = relation.model_version and adapters.dataset = relation.dataset
        and relation.stage = 'final' and relation.task = 'relation'
inner join scored as entity
    on
        adapters.model_version = entity.model_version and adapters.dataset = entity.dataset
        and entity.stage = 'final' and entity.task = 'entity'
left join scored as written
    on
        adapters.model_version = written.model_version and adapters.dataset = written.dataset
        and written.stage = 'raw' and written.task = 'relation'
where adapters.dataset = $dataset and not regexp_matches(adapters.model_version, '[.]r[0-9]+$')
order by adapters.model_version;
