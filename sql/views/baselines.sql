-- baselines: what the audit's probes reach on each dataset, trivial rules first, to hold every score against.
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
