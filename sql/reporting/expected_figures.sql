-- expected_figures: each figure of a version of which something can be expected, with its 95 % interval.
-- Grain: one row per (stage, task, figure).
-- Reads: figures.
-- Units: fractions.
-- parameters: version
select
    stage,
    task,
    figure,
    value,
    low,
    high
from figures
where model_version = $version;
