-- comparable(a, b): whether two versions were evaluated on the same content of a dataset. No rows of a
-- comparison would read as no difference: where they were not, this is an error that says what to run.
-- Grain: one row.
-- Parameters: a, b: versions.
-- Reads: evaluations.
-- Units: comparable: true.
create or replace macro comparable(a, b) as table
    select
        case
            when count(*) > 0 then true
            else error(
                a || ' and ' || b || ': not both evaluated on the same content of a dataset, so there is '
                || 'nothing to compare: run `medner evaluate ' || a || '` and `medner evaluate ' || b || '`'
            )
        end as comparable
    from evaluations as first_evaluation
    inner join evaluations as second_evaluation
        on
            first_evaluation.dataset = second_evaluation.dataset
            and first_evaluation.dataset_version = second_evaluation.dataset_version
    where first_evaluation.model_version = a and second_evaluation.model_version = b;
