-- baselines: what the audit's probes reach on each dataset, trivial rules first, to hold every score against.
-- Grain: one row per (dataset, dataset_version, probe, setting).
-- Reads: audits.
-- Units: f1 and its 95 % interval: fractions; f1_strings: the same decisions scored on strings, as versions
-- are, null where the audit has no such figure. Setting: gold_entities (the rule is given the gold entities),
-- end_to_end (it is not), or empty.
create or replace view baselines as
with on_strings as (
    select
        dataset,
        dataset_version,
        probe,
        setting,
        value
    from audits
    where figure = 'f1_strings'
)

select
    audits.dataset,
    audits.dataset_version,
    audits.probe,
    audits.setting,
    audits.value as f1,
    audits.low as f1_low,
    audits.high as f1_high,
    on_strings.value as f1_strings,
    audits.detail
from audits
left join on_strings
    on
        audits.dataset = on_strings.dataset
        and audits.dataset_version = on_strings.dataset_version
        and audits.probe = on_strings.probe
        and audits.setting is not distinct from on_strings.setting
where audits.figure = 'f1';
