-- best_before_last: the lowest dev loss before the last evaluation.
-- Grain: one row.
-- Reads: training_log.
-- Units: loss: nats per token.
-- parameters: version
with own as (
    select
        step,
        loss
    from training_log
    where model_version = $version and kind = 'eval'
),

reached as (
    select max(step) as edge
    from own
)

select min(own.loss) as loss
from own
cross join reached
where own.step < reached.edge;
