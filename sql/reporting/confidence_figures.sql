-- confidence_figures: how sure each version is at final, and whether it is right to be.
-- Grain: one row per (model_version, task, figure, asked).
-- Reads: confidence.
-- Units: value, low, high: fractions; asked: precision on dev that a threshold was set for, else null.
-- parameters: versions, dataset
select
    model_version,
    task,
    figure,
    along as asked,
    value,
    low,
    high,
    items,
    threshold
from confidence
where
    model_version in $versions and dataset = $dataset
    and figure in ('ece', 'ece_before', 'aurc', 'coverage_at', 'precision_at');
