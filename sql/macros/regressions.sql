-- regressions(a, b): gold items that version a finds and version b misses, with how b fails. Test split.
-- Grain: one row per (dataset, task, doc_id, gold_id).
-- Parameters: a, b: versions; stage: 'final'.
-- Reads: flips.
-- Units: none; error is the class with which b misses the item.
create or replace macro regressions(a, b, stage := 'final') as table
    select
        lost.dataset,
        lost.task,
        lost.doc_id,
        lost.gold_id,
        lost.gold_type,
        lost.gold,
        lost.error,
        lost.predicted_type,
        lost.predicted
    from flips(a, b, stage := stage) as lost
    where lost.change = 'lost';
