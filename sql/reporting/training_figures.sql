-- training_figures: what a whole training log comes to.
-- Grain: one row per model_version.
-- Reads: training_log.
-- Units: losses: nats per token; gradients: L2 norm before clipping; the others: log entries.
-- parameters: versions
select
    model_version,
    arg_min(loss, step) filter (where kind = 'train') as first_loss,
    avg(loss) filter (where kind = 'train') as mean_loss,
    min(loss) filter (where kind = 'eval') as best_eval,
    count(*) filter (where kind = 'eval') as evaluations,
    count(*) filter (where kind = 'eval' and not isfinite(loss)) as broken_evals,
    count(*) filter (where kind = 'train' and grad_norm is not null) as steps,
    quantile_cont(grad_norm, 0.5) filter (where kind = 'train' and isfinite(grad_norm)) as median_gradient,
    max(grad_norm) filter (where kind = 'train' and isfinite(grad_norm)) as largest_gradient,
    count(*) filter (where not isfinite(loss) or not isfinite(grad_norm)) as not_finite
from training_log
where model_version in $versions
group by model_version;
