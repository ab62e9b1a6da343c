-- annotated_entities: mentions that versions read in corpora of the user's own.
-- Grain: one row per (model_version, corpus, file, doc_id, ordinal).
-- Reads: annotations, annotation_shards.
-- Units: start, end: characters of the document's text, null where the string is not in it. Only shards of
-- the last plan of a corpus, so that no row is of other weights, or of a text that has changed.
create or replace view annotated_entities as
with current_documents as (
    select
        annotations.model_version,
        annotations.corpus,
        annotations.file,
        annotations.doc_id,
        annotations.entities,
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
        unnest(range(len(entities))) as ordinal,
        unnest(entities) as entity
    from current_documents
)

select
    model_version,
    corpus,
    file,
    doc_id,
    ordinal,
    entity['type'] as type,
    entity['text'] as text,
    entity['start'] as start,
    entity['end'] as "end",
    entity['grounding'] as grounding,
    entity['probability'] as probability,
    annotation_id,
    shard
from numbered;
