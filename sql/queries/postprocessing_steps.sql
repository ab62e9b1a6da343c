-- What does each post-processing step of a version gain or cost?
-- parameters: version
-- Grain: one row per (task, stage), headline schemes, in the order of the steps.
-- Reads: postprocessing_gain.
-- Units: fractions; gains against the stage before, f1_over_raw against no post-processing.
select
    task,
    stage,
    precision,
    recall,
    f1,
    precision_gain,
    recall_gain,
    f1_gain,
    gain_over_raw as f1_over_raw
from postprocessing_gain
where model_version = $version and scheme in ('text', 'strict')
order by task, position, stage;
