-- Which mentions and relations does a version miss by what is said of them (negation, certainty, time, …)?
-- parameters: version
-- Grain: one row per (task, attribute, value), stage final; none where the source says nothing of its items.
-- Reads: slices_by_attribute.
-- Units: items: gold items of the test split; recall: a fraction; gap: recall less that without attributes.
select
    slices.task,
    slices.attribute,
    slices.value,
    slices.documents,
    slices.items,
    slices.recall,
    slices.recall - plain.recall as gap
from slices_by_attribute as slices
left join slices_by_attribute as plain
    on
        slices.model_version = plain.model_version
        and slices.evaluation_id = plain.evaluation_id
        and slices.stage = plain.stage
        and slices.task = plain.task
        and plain.attribute = ''
where slices.model_version = $version and slices.stage = 'final' and slices.attribute <> ''
order by slices.items desc, slices.task asc, slices.attribute asc, slices.value asc;
