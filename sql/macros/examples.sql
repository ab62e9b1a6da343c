-- examples(version, error): what a version got wrong in one way, with the text around it. Test split.
-- Grain: one row per line with that error, and per gold item that is missed in that way.
-- Parameters: version; error: an error class; stage: 'final'.
-- Reads: outcomes, evaluations, documents.
-- Units: context: up to 160 characters of the document, from 60 before the mention or the relation's head;
-- null where the dataset has another content now.
-- Without `with`: DuckDB 1.4 does not find such a part of a macro that DuckDB 2 wrote.
create or replace macro examples(version, error, stage := 'final') as table
    select
        found.dataset,
        found.task,
        found.doc_id,
        found.predicted_type,
        found.predicted,
        found.gold_type,
        found.gold,
        substring(found.text, greatest(found.place - 60, 1), 160) as context
    from (
        select
            outcomes.dataset,
            outcomes.task,
            outcomes.doc_id,
            outcomes.predicted_type,
            outcomes.predicted,
            outcomes.gold_type,
            outcomes.gold,
            documents.text,
            coalesce(
                outcomes.anchor_start + 1, nullif(instr(lower(documents.text), lower(outcomes.anchor)), 0), 1
            ) as place
        from outcomes
        inner join evaluations
            on
                outcomes.model_version = evaluations.model_version
                and outcomes.evaluation_id = evaluations.evaluation_id
        left join documents
            on
                evaluations.dataset = documents.dataset
                and evaluations.dataset_version = documents.dataset_version
                and outcomes.doc_id = documents.doc_id
        where
            outcomes.model_version = version
            and outcomes.stage = stage
            and outcomes.error = error
            and (outcomes.ordinal is not null or outcomes.fn = 1)
    ) as found;
