-- ranking: every version of each dataset, the best relation F1 first.
-- Grain: one row per (dataset, model_version).
-- Reads: leaderboard.
-- Units: as in leaderboard.
select
    dataset,
    model_version,
    relation_f1,
    relation_f1_low as relation_low,
    relation_f1_high as relation_high,
    entity_f1,
    entity_f1_low as entity_low,
    entity_f1_high as entity_high,
    documents,
    train_seconds,
    adapter_bytes,
    trainable_parameters,
    all_pairs_f1,
    trainings,
    relation_f1_mean as relation_mean,
    relation_f1_sd as relation_sd,
    entity_f1_mean as entity_mean,
    entity_f1_sd as entity_sd,
    serves as champion
from leaderboard
order by dataset asc, relation_f1 desc, model_version asc;
