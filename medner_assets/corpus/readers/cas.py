"""Read UIMA CAS, as INCEpTION and other tools of DKPro export it: XMI with its type system, or JSON.

Rules, with the reason for each:
- It is read with dkpro-cassis (extra `cas`), whatever the types are called. The type system of an XMI is
  `TypeSystem.xml` or `typesystem.xml` in its folder or archive.
- An annotation is a mention if its type has features of its own, or is called by none of the layers of plain
  text processing (tokens, sentences, …). Its type is its `value`, `label` or `identifier`, else the name of
  its type; its other plain features are attributes.
- An annotation with `Governor` and `Dependent` is a relation from the first to the second; its type is its
  label, else the name of its type.
- Offsets count UTF-16 units in XMI; cassis gives characters.
"""

import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import decoded
from medner_assets.corpus.readers.json_records import NotJsonError, parsed_json
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".xmi", ".json")
RULES = Rules(has_ids=False)

_PLAIN = frozenset(
    ("Token", "Sentence", "Paragraph", "Lemma", "Stem", "POS", "Heading", "Div", "DocumentAnnotation",
     "DocumentMetaData", "TagsetDescription", "MorphologicalFeatures", "SurfaceForm", "CASMetadata", "Title")
)  # fmt: skip
_LABELS = ("value", "label", "identifier", "concept", "kind", "category")
_OWN = frozenset(("begin", "end", "sofa", "xmiID", "type", "Governor", "Dependent"))
_DECLARES = (b"<!ENTITY", b"<!DOCTYPE")


def gather(found: Sequence[Source]) -> list[Source]:
    """Return the documents: a type system is none."""
    return [each for each in found if "typesystem" not in each.file_name.lower()]


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the document of a file; raise MednerError if it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library warns of is refused, or told, below
        cas = _cas(source)
    text = cas.sofa_string
    if not isinstance(text, str) or not text:
        raise MednerError(f"{source.name}: has no text (an empty sofa): export it again")
    draft = Draft(source.name, source.stem, text, own_id=False)
    names: dict[int, str] = {}
    found = list(cas.select_all())
    relations = [each for each in found if _is_relation(each)]
    for each in found:
        if _is_relation(each) or not _is_mention(each):
            continue
        names[id(each)] = f"T{len(names) + 1}"
        label, said = _described(each)
        claim = MentionClaim(
            names[id(each)], label, ((each.begin, each.end),), text[each.begin : each.end], attributes=said
        )
        draft.mentions.append(claim)
    skipped = 0
    for each in relations:
        label, said = _described(each)
        ends = [names.get(id(end), "") for end in (each.Governor, each.Dependent)]
        if not any(ends):  # a dependency between tokens
            skipped += 1
            continue
        draft.relations.append(RelationClaim(label, ends[0], ends[1], None, said))
    yield draft
    if skipped:
        message = f"{skipped} relations between tokens: not kept"
        yield Problem(source.name, None, draft.id, ProblemKind.NOT_KEPT, message)


def _cas(source: Source) -> Any:
    try:
        import cassis
    except ImportError:
        raise MednerError(
            f"{source.name}: CAS is read with dkpro-cassis, which is not here: pip install 'medner[cas]'"
        ) from None
    content = source.read()
    try:
        if source.suffix == ".json":
            parsed_json(decoded(content, source.name))  # the library lets half a surrogate pair pass
            return cassis.load_cas_from_json(BytesIO(content))
        names = ("TypeSystem.xml", "typesystem.xml", "TypeSystem.XML")
        types = next((each for name in names if (each := source.beside(name)) is not None), None)
        if types is None:
            raise MednerError(
                f"{source.name}: there is no TypeSystem.xml beside it: export it with its types"
            )
        described = types.read()
        if any(each in part for each in _DECLARES for part in (content, described)):
            raise MednerError(f"{source.name}: declares XML entities or a DTD, which are not read")
        system = cassis.load_typesystem(BytesIO(described))
        return cassis.load_cas_from_xmi(BytesIO(content), typesystem=system)
    except NotJsonError as error:
        raise MednerError(f"{source.name}: {error}: export it again") from None
    except MednerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the library meets, the file is no CAS that it reads
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        raise MednerError(f"{source.name}: not a CAS that can be read ({reason}): export it again") from None


def _is_relation(annotation: Any) -> bool:
    return hasattr(annotation, "Governor") and hasattr(annotation, "Dependent")


def _is_mention(annotation: Any) -> bool:
    start, end = getattr(annotation, "begin", None), getattr(annotation, "end", None)
    return (
        isinstance(start, int) and isinstance(end, int) and start < end and _name(annotation) not in _PLAIN
        and ".syntax." not in annotation.type.name
    )  # fmt: skip


def _name(annotation: Any) -> str:
    return str(annotation.type.name).rpartition(".")[2]


def _described(annotation: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the label of an annotation and its other plain features."""
    values = {
        each.name: value
        for each in annotation.type.all_features
        if each.name not in _OWN
        and isinstance(value := getattr(annotation, each.name, None), (str, int, float))
    }
    key = next((each for each in _LABELS if isinstance(values.get(each), str) and values[each]), None)
    said = tuple(
        sorted(
            (name, str(value).lower() if isinstance(value, bool) else str(value))
            for name, value in values.items()
            if name != key and value != ""
        )
    )
    return (str(values[key]) if key else _name(annotation)), said
