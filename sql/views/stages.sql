-- stages: in which order the post-processing of a version runs.
-- Grain: one row per (model_version, stage).
-- Reads: recipes.
-- Units: position: 0 for raw, then the recipe's steps, final last. A stage of an evaluation that the recipe
-- does not name any more has no row.
create or replace view stages as
with steps as (
    select
        model_version,
        value::varchar[] as names
    from recipes
    where setting = 'postprocessing'
),

named as (
    select
        model_version,
        unnest(list_concat(['raw'], names, ['final'])) as stage,
        unnest(range(len(names) + 2)) as position
    from steps
)

select
    model_version,
    stage,
    position
from named;
