-- confidence_compared: which of two versions is better calibrated, and which ranks its answers better.
-- Grain: one row per (task, figure).
-- Reads: confidence_comparisons.
-- Units: fractions; difference: version minus baseline, below 0 the version is better.
-- parameters: version, baseline, dataset
select
    task,
    figure,
    version_value,
    baseline_value,
    difference,
    low,
    high
from confidence_comparisons
where model_version = $version and baseline = $baseline and dataset = $dataset;
