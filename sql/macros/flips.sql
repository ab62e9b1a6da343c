-- flips(a, b): gold items that exactly one of two versions finds, in either direction. Test split.
-- Grain: one row per (dataset, task, doc_id, gold_id) that differs: the mention on which the miss counts.
-- Parameters: a, b: versions; stage: 'final'.
-- Reads: outcomes, evaluations.
-- Units: change is 'lost' where a finds it and b does not, else 'gained'; error, predicted_type, predicted:
-- how the one that misses it fails. Only evaluations on the same content of a dataset compare.
create or replace macro flips(a, b, stage := 'final') as table
    with pair as (
        select
            first_evaluation.evaluation_id as a_evaluation,
            second_evaluation.evaluation_id as b_evaluation
        from evaluations as first_evaluation
        inner join evaluations as second_evaluation
            on
                first_evaluation.dataset = second_evaluation.dataset
                and first_evaluation.dataset_version = second_evaluation.dataset_version
        where first_evaluation.model_version = a and second_evaluation.model_version = b
    ),

    a_side as not materialized (
        select outcomes.*
        from outcomes
        inner join pair on outcomes.evaluation_id = pair.a_evaluation
        where outcomes.model_version = a and outcomes.stage = stage and outcomes.gold_id is not null
    ),

    b_side as not materialized (
        select outcomes.*
        from outcomes
        inner join pair on outcomes.evaluation_id = pair.b_evaluation
        where outcomes.model_version = b and outcomes.stage = stage and outcomes.gold_id is not null
    )

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
    from b_side as missed
    semi join a_side as found
        on
            missed.task = found.task
            and missed.doc_id = found.doc_id
            and missed.gold_id = found.gold_id
            and found.error = 'correct'
    where missed.fn = 1
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
    from a_side as missed
    semi join b_side as found
        on
            missed.task = found.task
            and missed.doc_id = found.doc_id
            and missed.gold_id = found.gold_id
            and found.error = 'correct'
    where missed.fn = 1;
