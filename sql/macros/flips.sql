-- flips(a, b): gold items that exactly one of two versions finds, in either direction. Test split.
-- Grain: one row per (dataset, task, doc_id, gold_id) that differs: the mention on which the miss counts.
-- Parameters: a, b: versions; stage: 'final'.
-- Reads: outcomes, evaluations, comparable.
-- Units: change is 'lost' where a finds it and b does not, else 'gained'; error, predicted_type, predicted:
-- how the one that misses it fails. Versions that do not compare are an error.
-- Without `with`: DuckDB 1.4 does not find such a part of a macro that DuckDB 2 wrote.
create or replace macro flips(a, b, stage := 'final') as table
    select
        missed.dataset,
        missed.task,
        missed.doc_id,
        missed.gold_id,
        missed.gold_type,
        missed.gold,
        'lost' as change,
        missed.error,
        missed.predicted_type,
        missed.predicted
    from outcomes as missed
    inner join evaluations as second_evaluation on missed.evaluation_id = second_evaluation.evaluation_id
    inner join evaluations as first_evaluation
        on
            second_evaluation.dataset = first_evaluation.dataset
            and second_evaluation.dataset_version = first_evaluation.dataset_version
    semi join outcomes as found
        on
            first_evaluation.evaluation_id = found.evaluation_id
            and missed.task = found.task
            and missed.doc_id = found.doc_id
            and missed.gold_id = found.gold_id
            and found.model_version = a
            and found.stage = stage
            and found.error = 'correct'
    where
        missed.model_version = b
        and missed.stage = stage
        and missed.fn = 1
        and second_evaluation.model_version = b
        and first_evaluation.model_version = a
        and (select comparable.comparable from comparable(a, b) as comparable)
    union all
    select
        missed.dataset,
        missed.task,
        missed.doc_id,
        missed.gold_id,
        missed.gold_type,
        missed.gold,
        'gained' as change,
        missed.error,
        missed.predicted_type,
        missed.predicted
    from outcomes as missed
    inner join evaluations as first_evaluation on missed.evaluation_id = first_evaluation.evaluation_id
    inner join evaluations as second_evaluation
        on
            first_evaluation.dataset = second_evaluation.dataset
            and first_evaluation.dataset_version = second_evaluation.dataset_version
    semi join outcomes as found
        on
            second_evaluation.evaluation_id = found.evaluation_id
            and missed.task = found.task
            and missed.doc_id = found.doc_id
            and missed.gold_id = found.gold_id
            and found.model_version = b
            and found.stage = stage
            and found.error = 'correct'
    where
        missed.model_version = a
        and missed.stage = stage
        and missed.fn = 1
        and first_evaluation.model_version = a
        and second_evaluation.model_version = b
        and (select comparable.comparable from comparable(a, b) as comparable);
