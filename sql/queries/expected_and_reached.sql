-- Did a version reach what its author expected before it was trained?
-- parameters: version
-- Grain: one row per (stage, task, measure, band) that the recipe states.
-- Reads: recipes, scores.
-- Units: fractions; low, high: the expected range; reached: the value itself is not below the range. Whether
-- its interval crosses that border, and shares of error classes, are judged in the report.
with stated as (
    select
        split_part(setting, '.', 2) as stage,
        split_part(setting, '.', 3) as task,
        split_part(setting, '.', 4) as band,
        split_part(setting, '.', 5) as measure,
        try_cast(value as double[2]) as bounds
    from recipes
    where model_version = $version and setting like 'expectation.%'
),

headline as (
    select
        stage,
        task,
        precision,
        recall,
        f1
    from scores
    where model_version = $version and scheme in ('text', 'strict')
),

measured as (
    unpivot headline on precision, recall, f1 into name measure value reached_value
)

select
    stated.task,
    stated.stage,
    stated.measure,
    stated.band,
    stated.bounds[1] as low,
    stated.bounds[2] as high,
    measured.reached_value as value,
    measured.reached_value >= stated.bounds[1] as reached
from stated
left join measured
    on
        stated.stage = measured.stage
        and stated.task = measured.task
        and stated.measure = measured.measure
where stated.bounds is not null and stated.band <> 'error_shares'
order by stated.task, stated.stage desc, stated.measure, stated.band;
