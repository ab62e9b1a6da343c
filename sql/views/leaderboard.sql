-- leaderboard: every version of each dataset with intervals, beside what trivial rules reach, and what it
-- cost.
-- Grain: one row per (dataset, dataset_version, model_version, evaluation_id). Test split, stage final.
-- Reads: metrics, baselines, adapters, promotions, recipes.
-- Order: dataset, dataset_version, relation_f1 desc nulls last, model_version
-- Units: f1 and 95 % intervals: fractions; train_seconds: s; adapter_bytes: bytes. all_pairs_f1 and
-- without_reading_f1 (the best score without reading the text) are scored as versions are and given the gold
-- entities. Scores of one dataset compare where dataset_version is the same.
-- Training figures are those of the present adapter. A version stands once: trainings is how many of the
-- replicates that its recipe declares are scored; the means and standard deviations are over them.
create or replace view leaderboard as
with entity as (
    select
        model_version,
        evaluation_id,
        f1,
        f1_low,
        f1_high
    from metrics
    where stage = 'final' and task = 'entity' and scheme = 'text'
),

relation as (
    select
        model_version,
        evaluation_id,
        dataset,
        dataset_version,
        documents,
        f1,
        f1_low,
        f1_high
    from metrics
    where
        stage = 'final' and task = 'relation' and scheme = 'strict'
        and not regexp_matches(model_version, '[.]r[0-9]+$')
),

declared as (
    select
        model_version,
        try_cast(value as integer) as replicates
    from recipes
    where setting = 'replicates'
),

scored as (
    select
        regexp_replace(model_version, '[.]r[0-9]+$', '') as model_version,
        dataset_version,
        coalesce(try_cast(regexp_extract(model_version, '[.]r([0-9]+)$', 1) as integer), 1) as replicate,
        task,
        f1
    from metrics
    where
        stage = 'final'
        and (task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict')
),

replicates as (
    select
        scored.model_version,
        scored.dataset_version,
        count(*) filter (where scored.task = 'relation') as trainings,
        avg(scored.f1) filter (where scored.task = 'relation') as relation_f1_mean,
        stddev_samp(scored.f1) filter (where scored.task = 'relation') as relation_f1_sd,
        avg(scored.f1) filter (where scored.task = 'entity') as entity_f1_mean,
        stddev_samp(scored.f1) filter (where scored.task = 'entity') as entity_f1_sd
    from scored
    left join declared on scored.model_version = declared.model_version
    where scored.replicate <= coalesce(declared.replicates, scored.replicate)
    group by scored.model_version, scored.dataset_version
),

trivial as (
    select
        dataset,
        dataset_version,
        max(f1) filter (where probe = 'all_pairs') as all_pairs_f1,
        max(f1) filter (where probe = 'without_reading') as without_reading_f1
    from baselines
    where setting = 'gold_entities'
    group by dataset, dataset_version
),

serving as (
    select
        dataset,
        arg_max(version, sequence) as version
    from promotions
    group by dataset
)

select
    relation.dataset,
    relation.dataset_version,
    relation.model_version,
    relation.evaluation_id,
    relation.documents,
    entity.f1 as entity_f1,
    entity.f1_low as entity_f1_low,
    entity.f1_high as entity_f1_high,
    relation.f1 as relation_f1,
    relation.f1_low as relation_f1_low,
    relation.f1_high as relation_f1_high,
    trivial.all_pairs_f1,
    trivial.without_reading_f1,
    adapters.train_seconds,
    adapters.trainable_parameters,
    adapters.adapter_bytes,
    coalesce(serving.version = relation.model_version, false) as serves,
    replicates.trainings,
    replicates.relation_f1_mean,
    replicates.relation_f1_sd,
    replicates.entity_f1_mean,
    replicates.entity_f1_sd
from relation
left join entity
    on relation.model_version = entity.model_version and relation.evaluation_id = entity.evaluation_id
left join trivial
    on relation.dataset = trivial.dataset and relation.dataset_version = trivial.dataset_version
left join adapters
    on relation.model_version = adapters.model_version and relation.dataset = adapters.dataset
left join replicates
    on
        relation.model_version = replicates.model_version
        and relation.dataset_version = replicates.dataset_version
left join serving on relation.dataset = serving.dataset;
