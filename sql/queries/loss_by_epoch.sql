-- How did the loss of a version and of its baseline fall, epoch by epoch, and does it still fall at the end?
-- parameters: version, baseline
-- Grain: one row per (model_version, epoch).
-- Reads: training_curves.
-- Units: nats per completion token; train_loss: mean of the epoch's steps; eval_loss: last of the epoch; gap:
-- eval minus train, which grows when a version overfits; fall: train_loss against the epoch before; minutes:
-- wall clock.
with epochs as (
    select
        model_version,
        epoch_number as epoch,
        avg(loss) filter (where kind = 'train') as train_loss,
        arg_max(loss, step) filter (where kind = 'eval') as eval_loss,
        max(step) as last_step,
        max(seconds) / 60 as minutes
    from training_curves
    where model_version in ($version, $baseline)
    group by model_version, epoch_number
)

select
    model_version,
    epoch,
    last_step,
    train_loss,
    eval_loss,
    eval_loss - train_loss as gap,
    train_loss - lag(train_loss) over (partition by model_version order by epoch) as fall,
    minutes
from epochs
order by model_version <> $baseline, epoch;
