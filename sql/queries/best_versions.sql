-- Which version of a dataset is best, within what interval, and does it beat what trivial rules reach?
-- parameters: dataset
-- Grain: one row per evaluated version, the best relation F1 first.
-- Reads: ranked.
-- Units: f1 and 95 % intervals: fractions; relation_f1_sd: over the trainings of the recipe.
select
    place,
    model_version,
    relation_f1,
    relation_f1_low,
    relation_f1_high,
    entity_f1,
    trainings,
    relation_f1_mean,
    relation_f1_sd,
    all_pairs_f1,
    serves
from ranked($dataset)
order by place, model_version;
