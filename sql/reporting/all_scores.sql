-- all_scores: the scores of each version at every stage, under every scheme.
-- Grain: one row per (task, scheme, model_version, stage).
-- Reads: metrics.
-- Units: as in metrics.
-- parameters: versions, dataset
select
    task,
    scheme,
    model_version,
    stage,
    precision,
    recall,
    f1,
    f1_low,
    f1_high,
    macro_f1,
    tp,
    fp,
    fn,
    documents,
    signature
from metrics
where model_version in $versions and dataset = $dataset;
