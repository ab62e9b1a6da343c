-- total_time: the time of training the versions and of generating their test splits.
-- Grain: one row.
-- Reads: adapters, completions.
-- Units: seconds: s.
-- parameters: versions
with spent as (
    select train_seconds as seconds
    from adapters
    where model_version in $versions
    union all
    select sum(seconds) as seconds
    from completions
    where model_version in $versions and split = 'test'
)

select sum(seconds) as seconds
from spent;
