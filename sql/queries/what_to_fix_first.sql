-- Which class of error costs a version the most F1?
-- parameters: version
-- Grain: one row per (task, error), stage final.
-- Reads: oracle_gain.
-- Units: items; F1 in fractions, as it is and as it would be without that class.
select
    task,
    error,
    items,
    f1,
    f1_if_fixed,
    gain
from oracle_gain
where model_version = $version and stage = 'final'
order by task, gain desc, error;
