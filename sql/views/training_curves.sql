-- training_curves: how the loss of each version fell.
-- Grain: one row per (model_version, step, kind).
-- Reads: training_log, adapters.
-- Units: loss in nats per completion token; running_loss: mean of the last ten entries of that kind; epoch:
-- epochs done; epoch_number: the epoch that the step belongs to, from 1.
create or replace view training_curves as
select
    log.model_version,
    adapters.dataset,
    adapters.base_model,
    log.step,
    log.epoch,
    greatest(ceil(log.epoch), 1)::bigint as epoch_number,
    log.kind,
    log.loss,
    avg(log.loss) over (
        partition by log.model_version, log.kind
        order by log.step
        rows between 9 preceding and current row
    ) as running_loss,
    log.learning_rate,
    log.grad_norm,
    log.seconds
from training_log as log
left join adapters on log.model_version = adapters.model_version;
