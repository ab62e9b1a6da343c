-- confusion: which types a version takes for which others; '(none)' where gold or prediction has no partner.
-- Grain: one row per (model_version, evaluation_id, dataset, stage, task, gold_type, predicted_type). Test
-- split.
-- Reads: outcomes.
-- Units: items; share_of_gold is a fraction of the items with that gold type.
create or replace view confusion as
with pairs as (
    select
        model_version,
        evaluation_id,
        dataset,
        stage,
        task,
        coalesce(gold_type, '(none)') as gold_type,
        coalesce(predicted_type, '(none)') as predicted_type,
        count(*) as items
    from outcomes
    where tp + fp + fn > 0
    group by model_version, evaluation_id, dataset, stage, task, gold_type, predicted_type
)

select
    model_version,
    evaluation_id,
    dataset,
    stage,
    task,
    gold_type,
    predicted_type,
    items,
    items / sum(items) over gold_types as share_of_gold
from pairs
window gold_types as (partition by model_version, evaluation_id, stage, task, gold_type);
