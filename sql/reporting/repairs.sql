-- repairs: what F1 would be if one class of error were repaired and nothing else changed. Stage final.
-- Grain: one row per error, the best repair first.
-- Reads: oracle_gain.
-- Units: f1, gain: fractions.
-- parameters: version, task
select
    error,
    f1_if_fixed as f1,
    gain
from oracle_gain
where model_version = $version and task = $task and stage = 'final' and items > 0
order by gain desc, error asc;
