-- ladder: what every version of a dataset scores, other systems too, to stand beside trivial readers.
-- Grain: one row per (model_version, task), best first; versions scored on the same state of the dataset as
-- the given one.
-- Reads: metrics, recipes.
-- Units: f1 and 95 % interval: fractions, of the first training; trainings: how many are scored; f1_mean and
-- f1_sd: over them; f1_sd is null for one. Test split, stage final, headline schemes.
-- parameters: version, dataset
with scored as (
    select
        regexp_replace(model_version, '[.]r[0-9]+$', '') as model_version,
        coalesce(try_cast(regexp_extract(model_version, '[.]r([0-9]+)$', 1) as integer), 1) as replicate,
        task,
        f1,
        f1_low,
        f1_high
    from metrics
    where
        dataset = $dataset and stage = 'final'
        and dataset_version = (
            select max(own.dataset_version)
            from metrics as own
            where own.model_version = $version and own.dataset = $dataset
        )
        and (task = 'entity' and scheme = 'text' or task = 'relation' and scheme = 'strict')
),

systems as (
    select
        model_version,
        value as system
    from recipes
    where setting = 'system'
)

select
    scored.model_version,
    scored.task,
    coalesce(any_value(systems.system), 'lora') as system,
    arg_min(scored.f1, scored.replicate) as f1,
    arg_min(scored.f1_low, scored.replicate) as f1_low,
    arg_min(scored.f1_high, scored.replicate) as f1_high,
    count(*) as trainings,
    avg(scored.f1) as f1_mean,
    stddev_samp(scored.f1) as f1_sd,
    avg(scored.f1) - stddev_samp(scored.f1) as spread_low,
    avg(scored.f1) + stddev_samp(scored.f1) as spread_high
from scored
left join systems on scored.model_version = systems.model_version
group by scored.model_version, scored.task
order by f1 desc, scored.model_version asc;
