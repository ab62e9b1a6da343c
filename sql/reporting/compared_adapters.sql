-- compared_adapters: the version's adapter against its baseline's.
-- Grain: one row per (task, scheme, stage).
-- Reads: comparisons.
-- Units: as in comparisons.
-- parameters: version, baseline, dataset
select
    task,
    scheme,
    stage,
    baseline_f1,
    version_f1,
    difference,
    low,
    high,
    p_value,
    p_adjusted,
    verdict,
    found_above,
    documents,
    groups,
    resamples,
    seed
from comparisons
where model_version = $version and baseline = $baseline and dataset = $dataset;
