-- Which relation types does a version turn round, and how often?
-- parameters: version
-- Grain: one row per (stage, type).
-- Reads: outcomes.
-- Units: items; share: fraction of the items that are predicted with that type; example: one, as predicted.
select
    stage,
    predicted_type as type,
    count(*) as predicted,
    count(*) filter (where error = 'direction') as turned_round,
    count(*) filter (where error = 'direction') / count(*) as share,
    min(predicted) filter (where error = 'direction') as example
from outcomes
where model_version = $version and task = 'relation' and tp + fp > 0
group by stage, predicted_type
order by stage = 'final', stage <> 'raw', stage, turned_round desc, type;
