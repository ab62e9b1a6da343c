-- Which versions beat what a trivial rule reaches on their dataset, and what did they cost?
-- Grain: one row per (dataset, version), best relation F1 first.
-- Reads: leaderboard.
-- Units: F1 in fractions; margin: relation F1 minus that of predicting every type-compatible pair of gold
-- entities; proven: the whole 95 % interval lies above it; minutes: of training.
select
    dataset,
    model_version,
    entity_f1,
    relation_f1,
    relation_f1_low,
    relation_f1_high,
    all_pairs_f1,
    relation_f1 - all_pairs_f1 as margin,
    relation_f1_low > all_pairs_f1 as proven,
    without_reading_f1,
    train_seconds / 60 as minutes,
    serves
from leaderboard
order by dataset, relation_f1 desc, model_version;
