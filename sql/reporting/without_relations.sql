-- without_relations: documents with gold relations of which a version predicts none. Test split, stage final.
-- Grain: one row per model_version.
-- Reads: document_scores.
-- Units: documents; share: a fraction of those with gold relations.
-- parameters: versions
select
    model_version,
    count(*) filter (where tp + fp = 0) as silent,
    count(*) as documents,
    count(*) filter (where tp + fp = 0) / count(*) as share
from document_scores
where
    model_version in $versions and stage = 'final' and split = 'test' and task = 'relation'
    and scheme = 'strict' and tp + fn > 0
group by model_version;
