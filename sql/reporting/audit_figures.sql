-- audit_figures: what the audit of a dataset found, in figures.
-- Grain: one row per (probe, figure, setting).
-- Reads: audits.
-- Units: as in audits.
-- parameters: dataset
select
    probe,
    figure,
    setting,
    value,
    low,
    high,
    detail
from audits
where dataset = $dataset and value is not null
order by setting, value, probe, figure;
