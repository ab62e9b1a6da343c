-- train_loss_back: mean training loss of the last epoch, or of one before it.
-- Grain: one row.
-- Reads: training_log.
-- Units: loss: nats per token; back: epochs before the last.
-- parameters: version, back
with own as (
    select
        loss,
        cast(ceil(epoch - 1e-6) as bigint) as epoch
    from training_log
    where model_version = $version and kind = 'train'
),

reached as (
    select max(epoch) - $back as edge
    from own
)

select avg(own.loss) as loss
from own
cross join reached
where own.epoch = reached.edge;
