-- gradient_spikes: steps after the first tenth whose gradient exceeds a multiple of the median around them.
-- Grain: one row.
-- Reads: training_log.
-- Units: spikes: steps; around: steps on either side; spike: that multiple.
-- parameters: version, around, spike
with own as (
    select
        step,
        grad_norm
    from training_log
    where model_version = $version and kind = 'train' and isfinite(grad_norm)
),

compared as (
    select
        step,
        grad_norm,
        quantile_cont(grad_norm, 0.5) over (
            order by step rows between $around preceding and $around following
        ) as median
    from own
)

select count(*) as spikes
from compared
where step > (select max(own.step) / 10 as step from own) and grad_norm > $spike * median;
