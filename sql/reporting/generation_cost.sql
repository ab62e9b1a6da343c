-- generation_cost: what generating the test split cost each version.
-- Grain: one row per model_version.
-- Reads: completions.
-- Units: seconds, a_document: s; tokens_a_second: completion tokens per second.
-- parameters: versions
select
    model_version,
    sum(seconds) as seconds,
    count(*) as documents,
    sum(seconds) / count(*) as a_document,
    sum(completion_tokens)::bigint as tokens,
    sum(completion_tokens) / nullif(sum(seconds), 0) as tokens_a_second
from completions
where model_version in $versions and split = 'test'
group by model_version;
