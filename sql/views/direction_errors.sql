-- direction_errors: relations that a version predicts the wrong way round. Test split.
-- Grain: one row per item with that error at one stage.
-- Reads: relation_outcomes.
-- Units: ordinal and relation_id count from 0.
create or replace view direction_errors as
select
    model_version,
    evaluation_id,
    dataset,
    stage,
    doc_id,
    ordinal,
    relation_id,
    predicted_type as type,
    predicted_head,
    predicted_tail,
    gold_head,
    gold_tail
from relation_outcomes
where split = 'test' and error = 'direction' and fp + fn > 0;
