-- compared_recipes: the version's recipe against its baseline's, each trained several times.
-- Grain: one row per task.
-- Reads: recipe_comparisons.
-- Units: as in recipe_comparisons.
-- parameters: version, baseline, dataset
select
    task,
    trainings,
    baseline_trainings,
    version_f1,
    version_sd,
    baseline_f1,
    baseline_sd,
    difference,
    low,
    high,
    p_adjusted,
    found_above,
    margin,
    verdict,
    documents,
    groups
from recipe_comparisons
where model_version = $version and baseline = $baseline and dataset = $dataset;
