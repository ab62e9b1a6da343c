-- baselines: what the audit's probes reach on each dataset, trivial rules first, to hold every score against.
-- Grain: one row per (dataset, dataset_version, probe, setting).
-- Reads: audits.
-- Units: f1 and its 95 % interval: fractions, scored as versions are: on strings, where relations join
-- concepts on concepts. Setting: gold_entities (the rule is given the gold entities), end_to_end (it is not),
-- or empty.
create or replace view baselines as
with on_strings as (
    select
        dataset,
        dataset_version,
        probe,
        setting,
        value,
        low,
        high,
        detail
    from audits
    where figure = 'f1_strings'
)

select
    audits.dataset,
    audits.dataset_version,
    audits.probe,
    audits.setting,
    coalesce(on_strings.value, audits.value) as f1,
    case when on_strings.value is null then audits.low else on_strings.low end as f1_low,
    case when on_strings.value is null then audits.high else on_strings.high end as f1_high,
    coalesce(on_strings.detail, audits.detail) as detail
from audits
left join on_strings
    on
        audits.dataset = on_strings.dataset
        and audits.dataset_version = on_strings.dataset_version
        and audits.probe = on_strings.probe
        and audits.setting is not distinct from on_strings.setting
where audits.figure = 'f1';
