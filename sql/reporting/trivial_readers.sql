-- trivial_readers: the rungs that the leaderboard's picture shows beside the versions of each dataset.
-- Grain: one row per (dataset, dataset_version, probe): every pair of the gold entities, the best score
-- without reading the text, and for entities the dictionary of train.
-- Reads: baselines.
-- Units: f1 and 95 % interval: fractions, scored as versions are.
select
    dataset,
    dataset_version,
    probe,
    case when probe = 'dictionary_ner' then 'entity' else 'relation' end as task,
    max(f1) as f1,
    arg_max(f1_low, f1) as f1_low,
    arg_max(f1_high, f1) as f1_high
from baselines
where
    probe = 'dictionary_ner' or probe in ('all_pairs', 'without_reading') and setting = 'gold_entities'
group by dataset, dataset_version, probe
order by dataset, dataset_version, probe;
