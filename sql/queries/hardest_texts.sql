-- Which test documents of a dataset do its versions get most wrong, and what do they say?
-- parameters: dataset
-- Grain: one row per (task, document), the 20 worst of each task, stage final.
-- Reads: hardest_documents, documents.
-- Units: versions; items summed over versions; mean_f1: fraction; text: the first 200 characters.
with worst as (
    select
        dataset,
        dataset_version,
        task,
        doc_id,
        versions,
        versions_without_hit,
        fp,
        fn,
        mean_f1,
        row_number() over (partition by task order by fp + fn desc, doc_id) as place
    from hardest_documents
    where dataset = $dataset and stage = 'final' and fp + fn > 0
)

select
    worst.task,
    worst.doc_id,
    worst.versions,
    worst.versions_without_hit,
    worst.fp,
    worst.fn,
    worst.mean_f1,
    left(documents.text, 200) as text
from worst
inner join documents
    on
        worst.dataset = documents.dataset
        and worst.dataset_version = documents.dataset_version
        and worst.doc_id = documents.doc_id
where worst.place <= 20
order by worst.task, worst.place;
