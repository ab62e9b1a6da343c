-- Which relation types does a version prefer, against its gold and against the data that it was trained on?
-- parameters: version
-- Grain: one row per type, stage final.
-- Reads: type_bias.
-- Units: items; shares: fractions of all relations; biases: differences of shares, positive where it predicts
-- more.
select
    type,
    predicted,
    gold,
    train,
    predicted_share,
    gold_share,
    train_share,
    bias_to_gold,
    bias_to_train
from type_bias
where model_version = $version and task = 'relation' and stage = 'final'
order by abs(coalesce(bias_to_train, bias_to_gold)) desc, type;
