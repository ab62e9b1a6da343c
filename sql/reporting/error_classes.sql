-- error_classes: every class of error that occurs anywhere, for every version and stage.
-- Grain: one row per (task, error, model_version, stage); a class that a version does not have counts 0.
-- Reads: outcomes.
-- Units: items: lines and gold mentions; fp, fn: items.
-- parameters: versions
with own as (
    select
        task,
        error,
        model_version,
        stage,
        fp,
        fn
    from outcomes
    where model_version in $versions and stage in ('raw', 'final')
),

classes as (
    select distinct
        task,
        error
    from own
    where error <> 'correct'
),

sides as (
    select distinct
        model_version,
        stage
    from own
)

select
    classes.task,
    classes.error,
    sides.model_version,
    sides.stage,
    count(own.fp) as items,
    coalesce(sum(own.fp), 0)::bigint as fp,
    coalesce(sum(own.fn), 0)::bigint as fn
from classes
cross join sides
left join own
    on
        classes.task = own.task and classes.error = own.error and sides.model_version = own.model_version
        and sides.stage = own.stage
group by classes.task, classes.error, sides.model_version, sides.stage;
