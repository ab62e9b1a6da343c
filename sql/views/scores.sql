-- scores: how good each version is, with intervals.
-- Grain: one row per (model_version, stage, task, scheme).
-- Reads: metrics.
-- Units: tp, fp, fn: items; precision, recall, f1: fractions; f1_low, f1_high: 95 % interval. Test split.
-- Headline: stage final, scheme text for entities and strict for relations.
create or replace view scores as
select
    model_version,
    dataset,
    stage,
    task,
    scheme,
    tp,
    fp,
    fn,
    precision,
    recall,
    f1,
    f1_low,
    f1_high,
    documents
from metrics;
