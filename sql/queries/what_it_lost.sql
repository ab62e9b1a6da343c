-- Which gold items did the baseline find that a version misses, and how does the version fail on them?
-- parameters: version, baseline
-- Grain: one row per gold item, stage final.
-- Reads: regressions.
-- Units: none.
select
    task,
    error,
    doc_id,
    gold_type,
    gold,
    predicted_type,
    predicted
from regressions($baseline, $version)
order by task, error, doc_id, gold;
