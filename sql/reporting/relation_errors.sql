-- relation_errors: duplicates, reversed and cascaded relations of each version. Test split.
-- Grain: one row per (model_version, stage), raw and final.
-- Reads: outcomes.
-- Units: lines; reversed_share: of those right but for their direction; cascaded_share: of all errors.
-- parameters: versions
select
    model_version,
    stage,
    count(ordinal) as predicted,
    count(*) filter (where error = 'duplicate') as duplicates,
    count(*) filter (where error = 'duplicate') / nullif(count(ordinal), 0) as duplicate_share,
    count(*) filter (where error = 'direction') as reversed,
    count(*) filter (where error = 'direction')
    / nullif(count(*) filter (where error = 'direction') + sum(tp), 0) as reversed_share,
    count(*) filter (where error = 'cascaded') as cascaded,
    count(*) filter (where error = 'cascaded')
    / nullif(count(*) filter (where error <> 'correct'), 0) as cascaded_share
from outcomes
where model_version in $versions and task = 'relation' and stage in ('raw', 'final')
group by model_version, stage;
