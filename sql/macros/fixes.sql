-- fixes(a, b): gold items that version b finds and version a misses, with how a failed. Test split.
-- Grain: one row per (dataset, task, doc_id, gold_id).
-- Parameters: a, b: versions; stage: 'final'.
-- Reads: flips.
-- Units: none; error is the class with which a missed the item.
create or replace macro fixes(a, b, stage := 'final') as table
    select
        gained.dataset,
        gained.task,
        gained.doc_id,
        gained.gold_id,
        gained.gold_type,
        gained.gold,
        gained.error,
        gained.predicted_type,
        gained.predicted
    from flips(a, b, stage := stage) as gained
    where gained.change = 'gained';
