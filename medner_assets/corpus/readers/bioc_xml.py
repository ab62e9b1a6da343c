"""Read BioC XML with the `bioc` package, document by document, so that a bad one costs no other.

The file is parsed without loading anything that it names: no DTD, no external entity; one that declares
entities is refused. What a document means is in `bioc_documents.py`. Lines are those of the XML, 1
throughout where it has one.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from medner_assets.corpus.readers.bioc_documents import Drafting, LocatedDocument
from medner_assets.corpus.readers.bioc_level import level_of
from medner_assets.corpus.readers.drafts import Draft
from medner_assets.corpus.readers.files import Utf8Stream
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".xml", ".bioc")

_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of BioC XML and what is none; raise MednerError if it is not XML from the start."""
    source = source.rewindable()
    with source.stream() as stream:
        head = stream.read(65536)
    if b"<!ENTITY" in head.partition(b"<document")[0]:
        raise MednerError(
            f"{source.name}: declares XML entities, which are not read: replace them by their text"
        )
    encoding = _DECLARED.match(head[:200].removeprefix(b"\xef\xbb\xbf"))
    check = encoding is None or encoding[1].lower() in (b"utf-8", b"utf8", b"ascii", b"us-ascii")
    drafting = Drafting(source, level_of(source))
    with source.stream() as stream:
        for element in _document_elements(stream, source.name, check=check):
            if isinstance(element, Problem):
                yield element
                continue
            try:
                read = _read(element)
            except (TypeError, ValueError, KeyError, AttributeError, SyntaxError) as error:
                what = f"not a BioC document ({type(error).__name__}: an offset or id is amiss): left out"
                doc_id = (element.findtext("id") or "").strip() or None
                yield Problem(source.name, element.sourceline, doc_id, ProblemKind.MALFORMED, what)
            else:
                yield from drafting.take(read)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    yield from drafting.finish()


def _document_elements(stream: BinaryIO, file: str, *, check: bool) -> Iterator[Any]:
    from lxml import etree

    read = 0
    try:
        events = etree.iterparse(
            Utf8Stream(stream, file, check=check),
            tag="document", load_dtd=False, no_network=True, resolve_entities=False,
        )  # fmt: skip
        for _, element in events:
            read += 1
            yield element
    except etree.XMLSyntaxError as error:
        if not read:
            where = f"not valid XML at line {error.lineno}"
            raise MednerError(f"{file}: {where}: the file may be cut off or in another format") from None
        what = f"the XML ends or breaks after {read} documents: what follows is left out"
        yield Problem(file, error.lineno, None, ProblemKind.TRUNCATED, what)


def _read(element: Any) -> LocatedDocument:
    from bioc import biocxml
    from lxml import etree

    lines = {
        (each.tag, str(each.get("id"))): each.sourceline for each in element.iter("annotation", "relation")
    }
    xml = etree.tostring(element, encoding="unicode", with_tail=False)
    (document,) = biocxml.loads(f"<collection>{xml}</collection>").documents
    return LocatedDocument(document, element.sourceline, lambda tag, key: lines.get((tag, key)))
