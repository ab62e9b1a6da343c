-- flips(a, b): gold items that exactly one of two versions finds, in either direction. Test split.
-- Grain: one row per (dataset, task, doc_id, gold_id) that differs: the mention on which the miss counts.
-- Parameters: a, b: versions; stage: 'final'.
-- Reads: outcomes, evaluations.
-- Units: change is 'lost' where a finds it and b does not, else 'gained'; a_error, b_error: the error class
-- of the one that misses it, 'correct' for the other. Only evaluations on the same content of a dataset
-- compare.
create or replace macro flips(a, b, stage := 'final') as table
    with first_version as (
        select
            outcomes.*,
            evaluations.dataset_version
        from outcomes
        inner join evaluations
            on
                outcomes.model_version = evaluations.model_version
                and outcomes.evaluation_id = evaluations.evaluation_id
        where
            outcomes.model_version = a
            and outcomes.stage = stage
            and outcomes.gold_id is not null
            and (outcomes.error = 'correct' or outcomes.fn = 1)
    ),

    second_version as (
        select
            outcomes.*,
            evaluations.dataset_version
        from outcomes
        inner join evaluations
            on
                outcomes.model_version = evaluations.model_version
                and outcomes.evaluation_id = evaluations.evaluation_id
        where
            outcomes.model_version = b
            and outcomes.stage = stage
            and outcomes.gold_id is not null
            and (outcomes.error = 'correct' or outcomes.fn = 1)
    )

    select
        first_version.dataset,
        first_version.task,
        first_version.doc_id,
        first_version.gold_id,
        first_version.gold_type,
        first_version.gold,
        case when first_version.fn = 1 then 'gained' else 'lost' end as change,
        first_version.error as a_error,
        second_version.error as b_error,
        first_version.predicted_type as a_predicted_type,
        first_version.predicted as a_predicted,
        second_version.predicted_type as b_predicted_type,
        second_version.predicted as b_predicted
    from first_version
    inner join second_version
        on
            first_version.dataset = second_version.dataset
            and first_version.dataset_version = second_version.dataset_version
            and first_version.task = second_version.task
            and first_version.doc_id = second_version.doc_id
            and first_version.gold_id = second_version.gold_id
    where first_version.fn + second_version.fn = 1;
