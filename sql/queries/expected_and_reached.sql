-- Did a version reach what its author expected before it was trained?
-- parameters: version
-- Grain: one row per (task, stage, measure, band) that the recipe states.
-- Reads: recipes, figures.
-- Units: fractions; low, high: the expected range; value_low, value_high: 95 % interval of the value. measure
-- is precision, recall, f1, or an error class, whose share of what is predicted is at most high (band
-- error_shares). outcome, by the whole interval: met, not met, exceeded (better than the range), or cannot
-- tell: the interval crosses the border that counts, or there is none. The report says the same.
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

measured as (
    select
        stage,
        task,
        figure,
        value,
        low,
        high
    from figures
    where model_version = $version
)

select
    stated.task,
    stated.stage,
    stated.measure,
    stated.band,
    stated.bounds[1] as low,
    stated.bounds[2] as high,
    measured.value,
    measured.low as value_low,
    measured.high as value_high,
    case
        when measured.value is null then 'not measured'
        when measured.low is null or measured.high is null then 'cannot tell'
        when stated.band = 'error_shares' and measured.low > stated.bounds[2] then 'not met'
        when stated.band = 'error_shares' and measured.high > stated.bounds[2] then 'cannot tell'
        when stated.band = 'error_shares' and measured.high < stated.bounds[1] then 'exceeded'
        when stated.band = 'error_shares' then 'met'
        when measured.high < stated.bounds[1] then 'not met'
        when measured.low < stated.bounds[1] then 'cannot tell'
        when measured.low > stated.bounds[2] then 'exceeded'
        else 'met'
    end as outcome
from stated
left join measured
    on
        stated.stage = measured.stage
        and stated.task = measured.task
        and stated.measure = measured.figure
where stated.bounds is not null
order by stated.task, stated.stage desc, stated.measure, stated.band;
