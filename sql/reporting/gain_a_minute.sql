-- gain_a_minute: the F1 that a minute of additional training bought. Stage final.
-- Grain: one row.
-- Reads: metrics, adapters.
-- Units: gain: fraction per minute.
-- parameters: version, baseline, task, scheme
select (after.f1 - before.f1) / nullif((longer.train_seconds - shorter.train_seconds) / 60, 0) as gain
from metrics as after
inner join metrics as before
    on after.task = before.task and after.scheme = before.scheme and after.stage = before.stage
inner join adapters as longer on after.model_version = longer.model_version
inner join adapters as shorter on before.model_version = shorter.model_version
where
    after.model_version = $version and before.model_version = $baseline
    and after.task = $task and after.scheme = $scheme and after.stage = 'final';
