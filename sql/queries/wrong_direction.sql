-- Which relation types does a version turn round, and how often?
-- parameters: version
-- Grain: one row per (stage, type), in the order in which the stages run.
-- Reads: outcomes, stages.
-- Units: items; share: fraction of the items that are predicted with that type; example: one, as predicted.
select
    outcomes.stage,
    outcomes.predicted_type as type,
    count(*) as predicted,
    count(*) filter (where outcomes.error = 'direction') as turned_round,
    count(*) filter (where outcomes.error = 'direction') / count(*) as share,
    min(outcomes.predicted) filter (where outcomes.error = 'direction') as example
from outcomes
left join stages on outcomes.model_version = stages.model_version and outcomes.stage = stages.stage
where outcomes.model_version = $version and outcomes.task = 'relation' and outcomes.tp + outcomes.fp > 0
group by outcomes.stage, stages.position, outcomes.predicted_type
order by
    stages.position, outcomes.stage = 'final', outcomes.stage <> 'raw', outcomes.stage,
    turned_round desc, type;
