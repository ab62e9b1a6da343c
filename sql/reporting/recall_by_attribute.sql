-- recall_by_attribute: recall of each version on gold items by what is said of them. Test split, stage final.
-- Grain: one row per (said, task, model_version); the twenty of a version that most is said of.
-- Reads: slices_by_attribute.
-- Units: said: name and value, '' of items of which nothing is said, which stand there only beside others;
-- items; recall: a fraction.
-- parameters: versions
select
    task,
    model_version,
    documents,
    items,
    recall,
    case when attribute = '' then '' else attribute || ' = ' || value end as said
from slices_by_attribute
where model_version in $versions and stage = 'final'
qualify
    max(attribute) over (partition by model_version, task) <> ''
    and row_number() over (
        partition by model_version
        order by items desc, task asc, attribute asc, value asc
    ) <= 20;
