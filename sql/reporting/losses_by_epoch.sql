-- losses_by_epoch: mean training loss and last dev loss of each epoch. An epoch ends on its own number: 1.0
-- belongs to epoch 1, and rounding of a step's share of an epoch must not open another.
-- Grain: one row per (model_version, epoch).
-- Reads: training_log.
-- Units: nats per token.
-- parameters: versions
select
    model_version,
    cast(ceil(epoch - 1e-6) as bigint) as epoch,
    avg(loss) filter (where kind = 'train') as train_loss,
    arg_max(loss, step) filter (where kind = 'eval') as dev_loss
from training_log
where model_version in $versions and kind in ('train', 'eval') and epoch > 0
group by model_version, cast(ceil(epoch - 1e-6) as bigint)
order by model_version, epoch;
