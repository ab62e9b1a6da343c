-- find_text(pattern): documents whose text matches a regular expression (RE2), case ignored; every split.
-- Grain: one row per (dataset, doc_id), its first match.
-- Parameters: pattern.
-- Reads: documents.
-- Units: place: first character of the match, from 0; context: up to 160 characters of the document, from 60
-- before the match.
-- Without `with`: DuckDB 1.4 does not find such a part of a macro that DuckDB 2 wrote.
create or replace macro find_text(pattern) as table
    select
        matches.dataset,
        matches.split,
        matches.doc_id,
        matches.found,
        instr(matches.text, matches.found) - 1 as place,
        substring(matches.text, greatest(instr(matches.text, matches.found) - 60, 1), 160) as context
    from (
        select
            documents.dataset,
            documents.split,
            documents.doc_id,
            documents.text,
            regexp_extract(documents.text, pattern, 0, 'i') as found
        from documents
        where regexp_matches(documents.text, pattern, 'i')
    ) as matches;
