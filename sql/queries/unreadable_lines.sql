-- How much of what a version writes cannot be read, or is cut off, and why?
-- parameters: version
-- Grain: one row per reason, test split.
-- Reads: rejected_lines, completions.
-- Units: lines (for a reason of the parser) or documents (for a completion that was cut); share: of all
-- documents.
with written as (
    select
        doc_id,
        finish_reason
    from completions
    where model_version = $version and split = 'test'
),

total as (
    select count(*) as documents
    from written
),

unreadable as (
    select
        'line: ' || reason as reason,
        doc_id
    from rejected_lines
    where model_version = $version and split = 'test'
    union all
    select
        'completion cut at its length limit' as reason,
        doc_id
    from written
    where finish_reason = 'length'
)

select
    unreadable.reason,
    count(*) as items,
    count(distinct unreadable.doc_id) as documents,
    count(distinct unreadable.doc_id) / nullif(max(total.documents), 0) as share
from unreadable
cross join total
group by unreadable.reason
order by documents desc, unreadable.reason;
