-- evaluations: which evaluation of each version the other views speak of, and of which dataset's content.
-- Grain: one row per (model_version, evaluation_id).
-- Reads: metrics.
-- Units: documents of the test split.
create or replace view evaluations as
select
    model_version,
    evaluation_id,
    dataset,
    dataset_version,
    max(documents) as documents
from metrics
group by model_version, evaluation_id, dataset, dataset_version;
