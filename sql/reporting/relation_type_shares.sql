-- relation_type_shares: how often each relation type stands in train, in the gold of test, and is predicted.
-- Grain: one row per (type, source); source is train, test or a version. Stage final.
-- Reads: type_bias.
-- Units: items: relations, lines; share: a fraction of all of the source.
-- parameters: versions
with own as (
    select
        type,
        model_version,
        predicted,
        gold,
        train,
        predicted_share,
        gold_share,
        train_share
    from type_bias
    where model_version in $versions and task = 'relation' and stage = 'final'
)

select
    type,
    'train' as source,
    max(train) as items,
    max(train_share) as share
from own
where train > 0
group by type
union all
select
    type,
    'test' as source,
    max(gold) as items,
    max(gold_share) as share
from own
where gold > 0
group by type
union all
select
    type,
    model_version as source,
    predicted as items,
    predicted_share as share
from own
where predicted > 0
order by type, source;
