-- Which kinds of error did a version lose or gain against its baseline?
-- parameters: version, baseline
-- Grain: one row per (task, error), stage final.
-- Reads: error_counts.
-- Units: items, as the scores count them; change: version minus baseline, so less than 0 is better.
select
    task,
    error,
    coalesce(sum(items) filter (where model_version = $baseline), 0)::bigint as baseline_items,
    coalesce(sum(items) filter (where model_version = $version), 0)::bigint as version_items,
    (
        coalesce(sum(items) filter (where model_version = $version), 0)
        - coalesce(sum(items) filter (where model_version = $baseline), 0)
    )::bigint as change
from error_counts
where model_version in ($version, $baseline) and stage = 'final'
group by task, error
order by task, change, error;
