-- eval_loss_back: the last dev loss, or one before it.
-- Grain: one row; none where there are not so many evaluations.
-- Reads: training_log.
-- Units: loss: nats per token; back: evaluations before the last.
-- parameters: version, back
select loss
from training_log
where model_version = $version and kind = 'eval'
order by step desc
limit 1 offset $back;
