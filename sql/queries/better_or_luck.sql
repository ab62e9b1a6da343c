-- Is a version better than its baseline, and is the difference more than chance?
-- parameters: version, baseline
-- Grain: one row per (task, scheme), stage final.
-- Reads: comparisons.
-- Units: F1 in fractions; low, high: 95 % interval of the difference; p_adjusted, verdict: the two headline
-- metrics only.
select
    task,
    scheme,
    baseline_f1,
    version_f1,
    difference,
    low,
    high,
    p_value,
    p_adjusted,
    verdict,
    documents
from comparisons
where model_version = $version and baseline = $baseline and stage = 'final'
order by p_adjusted is null, task, scheme;
