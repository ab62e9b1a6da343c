-- annotated_relations: relations that versions read in corpora of the user's own.
-- Grain: one row per (model_version, corpus, file, doc_id, ordinal).
-- Reads: annotations, annotation_shards.
-- Units: places are characters of the document's text, null where an argument is no mention that was read.
-- Only shards of the last plan of a corpus, so that no row is of other weights, or of a text that changed.
create or replace view annotated_relations as
with current_documents as (
    select
        annotations.model_version,
        annotations.corpus,
        annotations.file,
        annotations.doc_id,
        annotations.relations,
        annotations.annotation_id,
        annotations.shard
    from annotations
    semi join annotation_shards
        on
            annotations.model_version = annotation_shards.model_version
            and annotations.annotation_id = annotation_shards.annotation_id
            and annotations.corpus = annotation_shards.corpus
            and annotations.shard = annotation_shards.shard
),

numbered as (
    select
        model_version,
        corpus,
        file,
        doc_id,
        annotation_id,
        shard,
        unnest(range(len(relations))) as ordinal,
        unnest(relations) as relation
    from current_documents
)

select
    model_version,
    corpus,
    file,
    doc_id,
    ordinal,
    relation['type'] as type,
    relation['head_text'] as head_text,
    relation['head_type'] as head_type,
    relation['head_start'] as head_start,
    relation['head_end'] as head_end,
    relation['tail_text'] as tail_text,
    relation['tail_type'] as tail_type,
    relation['tail_start'] as tail_start,
    relation['tail_end'] as tail_end,
    relation['probability'] as probability,
    annotation_id,
    shard
from numbered;
