"""Read BioC XML with the `bioc` package, document by document, so that a bad one costs no other.

The file is parsed without loading anything that it names: no DTD, no external entity; one that declares
entities is refused. What a document means is in `bioc_documents.py`. Lines are those of the XML, 1
throughout where it has one.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from medner_assets.corpus.readers.bioc_documents import Source, reading_of
from medner_assets.corpus.readers.files import decoded, read_bytes
from medner_assets.corpus.reading import Problem, ProblemKind, Reading
from medner_assets.errors import MednerError

_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def read_bioc_xml(path: Path) -> Reading:
    """Return the documents of a BioC XML file and what it could not place; raise MednerError."""
    return parse_bioc_xml(read_bytes(path), str(path))


def parse_bioc_xml(content: bytes, file: str) -> Reading:
    """Return the documents of BioC XML; raise MednerError if it is not XML from the start, or not UTF-8."""
    encoding = _DECLARED.match(content[:200].removeprefix(b"\xef\xbb\xbf"))
    if encoding is None or encoding[1].lower() in (b"utf-8", b"utf8", b"ascii", b"us-ascii"):
        decoded(content, file)
    if b"<!ENTITY" in content:
        raise MednerError(f"{file}: declares XML entities, which are not read: replace them by their text")
    sources: list[Source] = []
    problems: list[Problem] = []
    for element in _document_elements(content, file, problems):
        try:
            sources.append(_source(element))
        except (TypeError, ValueError, KeyError, AttributeError, SyntaxError) as error:
            what = f"not a BioC document ({type(error).__name__}: an offset or id is amiss): left out"
            doc_id = (element.findtext("id") or "").strip() or None
            problems.append(Problem(file, element.sourceline, doc_id, ProblemKind.MALFORMED, what))
        element.clear()
    return reading_of(sources, file, problems)


def _document_elements(content: bytes, file: str, problems: list[Problem]) -> Iterator[Any]:
    from lxml import etree

    read = 0
    try:
        events = etree.iterparse(
            BytesIO(content), tag="document", load_dtd=False, no_network=True, resolve_entities=False
        )
        for _, element in events:
            read += 1
            yield element
    except etree.XMLSyntaxError as error:
        if not read:
            where = f"not valid XML at line {error.lineno}"
            raise MednerError(f"{file}: {where}: the file may be cut off or in another format") from None
        what = f"the XML ends or breaks after {read} documents: what follows is left out"
        problems.append(Problem(file, error.lineno, None, ProblemKind.TRUNCATED, what))


def _source(element: Any) -> Source:
    from bioc import biocxml
    from lxml import etree

    lines = {
        (each.tag, str(each.get("id"))): each.sourceline for each in element.iter("annotation", "relation")
    }
    xml = etree.tostring(element, encoding="unicode", with_tail=False)
    (document,) = biocxml.loads(f"<collection>{xml}</collection>").documents
    return Source(document, element.sourceline, lambda tag, key: lines.get((tag, key)))
