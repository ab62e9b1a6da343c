-- unreadable: lines of completions that say nothing readable, and completions that were cut. Test split.
-- Grain: one row per model_version.
-- Reads: completions, rejected_lines.
-- Units: lines, documents; shares: fractions of the documents with a completion.
-- parameters: versions
with generated as (
    select
        model_version,
        count(*) as documents,
        count(*) filter (where finish_reason = 'length') as cut
    from completions
    where model_version in $versions and split = 'test'
    group by model_version
),

rejected as (
    select
        model_version,
        count(*) as lines,
        count(distinct doc_id) as documents
    from rejected_lines
    where split = 'test'
    group by model_version
)

select
    generated.model_version,
    coalesce(rejected.lines, 0) as lines,
    coalesce(rejected.documents, 0) as documents,
    coalesce(rejected.documents, 0) / generated.documents as share,
    generated.cut,
    generated.cut / generated.documents as cut_share
from generated
left join rejected on generated.model_version = rejected.model_version;
