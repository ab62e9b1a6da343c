-- baselines: what trivial rules and the labels themselves reach on each dataset, to hold every score against.
-- Grain: one row per (dataset, dataset_version, probe, setting).
-- Reads: audits.
-- Units: f1 and its 95 % interval: fractions. Setting: gold_entities (the rule is given the gold entities),
-- end_to_end (it is not), or empty.
create or replace view baselines as
select
    dataset,
    dataset_version,
    probe,
    setting,
    value as f1,
    low as f1_low,
    high as f1_high,
    detail
from audits
where figure = 'f1';
