-- loss_turns: how often the dev loss turns, of moves that are larger than a share of the loss before.
-- Grain: one row.
-- Reads: training_log.
-- Units: turns; flat: that share.
-- parameters: version, flat
with evaluated as (
    select
        step,
        loss,
        lag(loss) over (order by step) as before
    from training_log
    where model_version = $version and kind = 'eval'
),

moved as (
    select
        step,
        sign(loss - before) as way
    from evaluated
    where abs(loss - before) > $flat * before
),

ways as (
    select
        way,
        lag(way) over (order by step) as before
    from moved
)

select count(*) as turns
from ways
where way <> before;
