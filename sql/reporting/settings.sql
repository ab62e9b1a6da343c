-- settings: the settings of each version that are no text for people.
-- Grain: one row per (setting, model_version).
-- Reads: recipes.
-- Units: as the setting has them; number is null where the value is no number.
-- parameters: versions
select
    setting,
    model_version,
    value,
    try_cast(value as double) as number
from recipes
where
    model_version in $versions and setting not like 'expectation%'
    and setting not in ('summary', 'baseline');
