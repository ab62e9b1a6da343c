-- spread_of_trainings: how much F1 varies from training to training of one recipe on the version's base.
-- Grain: one row per (version, task), of the dataset's versions that were trained several times.
-- Reads: metrics, adapters.
-- Units: sd: of F1, fraction.
-- parameters: version, dataset
with of_base as (
    select same.model_version
    from adapters as own
    inner join adapters as same on own.base_model = same.base_model
    where own.model_version = $version
)

select
    regexp_replace(metrics.model_version, '[.]r[0-9]+$', '') as version,
    metrics.task,
    count(*) as trainings,
    stddev_samp(metrics.f1) as sd
from metrics
inner join of_base on metrics.model_version = of_base.model_version
where
    metrics.dataset = $dataset and metrics.stage = 'final'
    and (
        metrics.task = 'entity' and metrics.scheme = 'text' or metrics.task = 'relation'
        and metrics.scheme = 'strict'
    )
group by version, metrics.task
having count(*) > 1
order by version, metrics.task;
