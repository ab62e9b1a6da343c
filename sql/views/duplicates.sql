-- duplicates: predictions that repeat an earlier one of the same document more often than its text allows.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, doc_id, type, predicted). Test
-- split.
-- Reads: outcomes.
-- Units: copies: superfluous lines. Stage raw counts each as a false positive, later stages none.
create or replace view duplicates as
select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    doc_id,
    predicted_type as type,
    predicted,
    count(*) as copies
from outcomes
where error = 'duplicate'
group by model_version, evaluation_id, dataset, stage, task, doc_id, predicted_type, predicted;
