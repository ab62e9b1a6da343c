-- audit_words: what the audit of a dataset found, in words.
-- Grain: one row per (figure, detail).
-- Reads: audits.
-- Units: none.
-- parameters: dataset
select
    figure,
    detail
from audits
where dataset = $dataset and figure in ('verdict', 'reason', 'lead_sentence') and detail is not null;
