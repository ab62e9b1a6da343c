-- Does a version fail more on long documents than on short ones?
-- parameters: version
-- Grain: one row per (task, quarter of the documents by length), headline schemes, stage final.
-- Reads: slices_by_length.
-- Units: characters in code points; items; fractions.
select
    task,
    quarter,
    characters_from,
    characters_to,
    documents,
    precision,
    recall,
    f1
from slices_by_length
where model_version = $version and stage = 'final' and scheme in ('text', 'strict')
order by task, quarter;
