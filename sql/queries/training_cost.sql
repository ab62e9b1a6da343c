-- What does a version cost to train, store and run, against its baseline, and what does it gain for that?
-- parameters: version, baseline
-- Grain: one row per version.
-- Reads: leaderboard, adapters, completions.
-- Units: minutes: wall clock of training; megabytes: 10^6 bytes; tokens: of one epoch; seconds_a_document: of
-- generation; entity_f1, relation_f1: fractions, stage final.
with generated as (
    select
        model_version,
        avg(seconds) as seconds_a_document
    from completions
    where split = 'test' and model_version in ($version, $baseline)
    group by model_version
)

select
    adapters.model_version,
    adapters.backend,
    adapters.device,
    adapters.epochs,
    adapters.steps,
    adapters.train_seconds / 60 as minutes,
    adapters.adapter_bytes / 1e6 as megabytes,
    adapters.trainable_parameters,
    adapters.trainable_parameters / nullif(adapters.total_parameters, 0) as trainable_share,
    adapters.peak_memory_bytes / 1e9 as peak_gigabytes,
    generated.seconds_a_document,
    leaderboard.entity_f1,
    leaderboard.relation_f1
from adapters
left join leaderboard on adapters.model_version = leaderboard.model_version
left join generated on adapters.model_version = generated.model_version
where adapters.model_version in ($version, $baseline)
order by adapters.model_version <> $baseline;
