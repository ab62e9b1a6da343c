-- largest_type_bias: how far the share of a predicted relation type lies from its share in train.
-- Grain: one row, the largest distance over all types. Stage final.
-- Reads: type_bias.
-- Units: bias: a difference of shares; null once the dataset has another content.
-- parameters: version
select max(abs(coalesce(predicted_share, 0) - train_share)) as bias
from type_bias
where model_version = $version and task = 'relation' and stage = 'final';
