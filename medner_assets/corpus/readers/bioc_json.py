"""Read BioC JSON with the `bioc` package, document by document.

The package asks for keys that many writers leave out where they are empty (BioRED's own files have no
`infons` on passages and no `nodes` on relations), so those are filled in first. What a document means is in
`bioc_documents.py`. A JSON file that is cut off cannot be parsed at all and is refused whole. The format
has no lines.
"""

from pathlib import Path
from typing import Any

from medner_assets.corpus.readers.bioc_documents import Source, reading_of
from medner_assets.corpus.readers.files import read_text
from medner_assets.corpus.readers.jsonl import NotJsonError, parsed_json
from medner_assets.corpus.reading import Problem, ProblemKind, Reading
from medner_assets.errors import MednerError


def read_bioc_json(path: Path) -> Reading:
    """Return the documents of a BioC JSON file and what it could not place; raise MednerError."""
    return parse_bioc_json(read_text(path), str(path))


def parse_bioc_json(text: str, file: str) -> Reading:
    """Return the documents of BioC JSON; raise MednerError if `text` is no JSON or no BioC collection."""
    from bioc import biocjson

    try:
        collection = parsed_json(text)
    except NotJsonError as error:
        raise MednerError(f"{file}: {error}: the file may be cut off or in another format") from None
    documents = collection.get("documents") if isinstance(collection, dict) else None
    if not isinstance(documents, list):
        raise MednerError(f"{file}: no list of 'documents': a BioC JSON file is one collection")
    sources: list[Source] = []
    problems: list[Problem] = []
    for content in documents:
        try:
            document = biocjson.fromJSON(_document(content), "BioCDocument")
            sources.append(Source(document, None, lambda tag, key: None))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            what = (
                f"not a BioC document ({type(error).__name__}: a key is missing or of another type): left out"
            )
            doc_id = content.get("id") if isinstance(content, dict) else None
            doc_id = doc_id if isinstance(doc_id, str) else None
            problems.append(Problem(file, None, doc_id, ProblemKind.MALFORMED, what))
    return reading_of(sources, file, problems)


def _document(content: dict[str, Any]) -> dict[str, Any]:
    return _with_defaults(content) | {"passages": [_passage(each) for each in _items(content, "passages")]}


def _passage(content: dict[str, Any]) -> dict[str, Any]:
    return _with_defaults(content) | {
        "sentences": [_with_defaults(each) for each in _items(content, "sentences")]
    }


def _with_defaults(content: dict[str, Any]) -> dict[str, Any]:
    """Return a document, passage or sentence with the keys that its annotations and relations may lack."""
    if not isinstance(content, dict):
        raise TypeError("not an object")
    annotations = [
        {"id": None, "infons": {}, "text": None, "locations": [], **each}
        for each in _items(content, "annotations")
    ]
    relations = [{"id": None, "infons": {}, "nodes": [], **each} for each in _items(content, "relations")]
    return {"infons": {}, "text": None, **content, "annotations": annotations, "relations": relations}


def _items(content: dict[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value
