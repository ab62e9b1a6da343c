-- final_gradient: the median gradient norm of the last tenth of the steps.
-- Grain: one row.
-- Reads: training_log.
-- Units: gradient: L2 norm before clipping.
-- parameters: version
with own as (
    select
        step,
        grad_norm
    from training_log
    where model_version = $version and kind = 'train' and isfinite(grad_norm)
),

reached as (
    select max(step) * 9 / 10 as edge
    from own
)

select quantile_cont(own.grad_norm, 0.5) as gradient
from own
cross join reached
where own.step > reached.edge;
