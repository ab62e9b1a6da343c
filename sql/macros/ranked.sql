-- ranked(of_dataset): the versions of one dataset, the best relation F1 first.
-- Grain: one row per (dataset_version, model_version, evaluation_id).
-- Parameters: of_dataset: name of a dataset.
-- Reads: leaderboard.
-- Units: as in leaderboard; place: 1 for the best of those on the same content of the dataset.
create or replace macro ranked(of_dataset) as table
    select
        rank() over (partition by dataset_version order by relation_f1 desc nulls last) as place,
        model_version,
        relation_f1,
        relation_f1_low,
        relation_f1_high,
        entity_f1,
        entity_f1_low,
        entity_f1_high,
        trainings,
        relation_f1_mean,
        relation_f1_sd,
        entity_f1_mean,
        entity_f1_sd,
        all_pairs_f1,
        without_reading_f1,
        train_seconds,
        adapter_bytes,
        serves,
        dataset_version,
        evaluation_id
    from leaderboard
    where dataset = of_dataset
    order by dataset_version asc, place asc, model_version asc;
