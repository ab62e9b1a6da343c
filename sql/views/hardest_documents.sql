-- hardest_documents: how much the versions of a dataset get wrong in each test document. Headline schemes.
-- Grain: one row per (dataset, dataset_version, stage, task, doc_id).
-- Reads: document_scores.
-- Units: versions; items, summed over versions; mean_f1: fraction, mean over the versions for which the
-- document has items; versions_without_hit: versions that find nothing of what gold has.
create or replace view hardest_documents as
select
    dataset,
    dataset_version,
    stage,
    task,
    doc_id,
    count(*) as versions,
    count(*) filter (where tp = 0 and fn > 0) as versions_without_hit,
    sum(tp)::bigint as tp,
    sum(fp)::bigint as fp,
    sum(fn)::bigint as fn,
    avg(2 * tp / nullif(2 * tp + fp + fn, 0)) as mean_f1
from document_scores
where split = 'test' and (scheme = 'text' or scheme = 'strict')
group by dataset, dataset_version, stage, task, doc_id;
