-- flip_counts: how many gold items both, one or none of two versions find. Stage final.
-- Grain: one row.
-- Reads: flips, outcomes.
-- Units: items.
-- parameters: version, baseline, task
with changes as (
    select
        count(*) filter (where change = 'lost') as lost,
        count(*) filter (where change = 'gained') as gained
    from flips($baseline, $version)
    where task = $task
),

before as (
    select
        sum(tp)::bigint as found,
        sum(fn)::bigint as missed
    from outcomes
    where model_version = $baseline and task = $task and stage = 'final'
)

select
    before.found - changes.lost as found_by_both,
    changes.lost as regressions,
    changes.gained as fixes,
    before.missed - changes.gained as found_by_neither
from before
cross join changes;
