-- trained: what each version was trained on and what came of it.
-- Grain: one row per model_version.
-- Reads: adapters.
-- Units: as in adapters; trainable_share: a fraction; tokens_a_second: tokens per second of training.
-- parameters: versions, dataset
select
    model_version,
    steps,
    epochs,
    best_step,
    trainable_parameters,
    total_parameters,
    trainable_parameters / total_parameters as trainable_share,
    adapter_bytes,
    train_documents,
    train_samples,
    train_tokens,
    unplaced_annotations,
    final_train_loss,
    best_eval_loss,
    train_seconds,
    peak_memory_bytes,
    seed,
    train_tokens * epochs / nullif(train_seconds, 0) as tokens_a_second,
    base_model,
    base_revision,
    backend,
    device,
    weights_hash,
    recipe_hash,
    fingerprint,
    dataset_version
from adapters
where model_version in $versions and dataset = $dataset;
