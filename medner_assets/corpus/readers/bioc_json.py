"""Read BioC JSON with the `bioc` package, document by document.

A file is a collection, or documents as services hand them out: `{"PubTator3": [...]}`, a list of collections
(BioC-PMC) or of documents, one document, or one a line. The package asks for keys that many writers leave out
where they are empty (BioRED's own files have no `infons` on passages and no `nodes` on relations), so those
are filled in first. What a document means is in `bioc_documents.py`. A JSON file that is cut off is refused
whole. The format has no lines.
"""

from collections.abc import Iterator
from typing import Any

from medner_assets.corpus.readers.bioc_documents import Drafting, LocatedDocument
from medner_assets.corpus.readers.bioc_level import level_of
from medner_assets.corpus.readers.drafts import Draft
from medner_assets.corpus.readers.json_records import NotJsonError, array_after, json_values
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".json", ".jsonl")
_LISTS = ("documents", "PubTator3")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of BioC JSON and what is none; raise MednerError if it is no JSON or no BioC."""
    from bioc import biocjson

    source = source.rewindable()
    drafting = Drafting(source, level_of(source))
    for content in _documents(source):
        try:
            document = biocjson.fromJSON(_document(content), "BioCDocument")
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            what = (
                f"not a BioC document ({type(error).__name__}: a key is missing or of another type): left out"
            )
            doc_id = content.get("id") if isinstance(content, dict) else None
            doc_id = doc_id if isinstance(doc_id, str) else None
            yield Problem(source.name, None, doc_id, ProblemKind.MALFORMED, what)
            continue
        yield from drafting.take(LocatedDocument(document, None, lambda tag, key: None))
    yield from drafting.finish()


def _documents(source: Source) -> Iterator[object]:
    """Yield each document, whatever it is wrapped in; raise MednerError if there is none to be found."""
    found = array_after(source, _LISTS)
    if found is not None:
        for _, value in found:
            yield value
        return
    for _, value in json_values(source):
        if isinstance(value, NotJsonError):
            raise MednerError(f"{source.name}: {value}: the file may be cut off or in another format")
        lists = [value[key] for key in _LISTS if key in value] if isinstance(value, dict) else []
        if lists and isinstance(lists[0], list):
            yield from lists[0]
        elif isinstance(value, dict) and "passages" in value:
            yield value
        else:
            raise MednerError(
                f"{source.name}: neither a collection (a list of 'documents') nor a document with "
                "'passages': check the format"
            )


def _document(content: Any) -> dict[str, Any]:
    filled = _with_defaults(content)
    return {"id": "", **filled, "passages": [_passage(each) for each in _items(content, "passages")]}


def _passage(content: dict[str, Any]) -> dict[str, Any]:
    return _with_defaults(content) | {
        "sentences": [_with_defaults(each) for each in _items(content, "sentences")]
    }


def _with_defaults(content: Any) -> dict[str, Any]:
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
