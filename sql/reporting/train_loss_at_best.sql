-- train_loss_at_best: mean training loss of the epoch with the lowest dev loss.
-- Grain: one row.
-- Reads: training_log.
-- Units: loss: nats per token.
-- parameters: version
with best as (
    select cast(ceil(arg_min(epoch, loss) - 1e-6) as bigint) as epoch
    from training_log
    where model_version = $version and kind = 'eval'
)

select avg(training_log.loss) as loss
from training_log
inner join best on cast(ceil(training_log.epoch - 1e-6) as bigint) = best.epoch
where training_log.model_version = $version and training_log.kind = 'train';
