"""Read ChemProt and DrugProt: three tables of one name, of abstracts, entities and relations.

Rules, with the reason for each:
- Name the table of abstracts (or the folder); `…_abstracts.tsv` has `…_entities.tsv` and `…_relations.tsv`
  beside it (DrugProt writes `abstracs`). Without relations, as for a test set, there are none.
- Offsets run through title, one character, abstract.
- A row of entities is PMID, id, type, start, end, text. A row of relations is PMID, type, `Arg1:…`, `Arg2:…`
  (DrugProt); ChemProt puts group, whether it is evaluated, and name before the arguments: the group (CPR:4)
  is the type, as the task scores it, name and evaluation are attributes. A pair that has one group under two
  names is one relation.
- Both tables are held in memory while the abstracts are read: their rows may stand in any order.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import whole_number
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError
from medner_assets.schema import Attributes

SUFFIXES = (".tsv", ".txt")
_ABSTRACTS = ("abstracts", "abstracs", "abstract")
_KINDS = {"Y": "true", "N": "false"}


def gather(found: Sequence[Source]) -> list[Source]:
    """Return the tables of abstracts; all files where none is called so."""
    return [each for each in found if _part(each.file_name)] or list(found)


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a table of abstracts; raise MednerError if its entities are not beside it."""
    part = _part(source.file_name)
    if part is None:
        raise MednerError(
            f"{source.name}: is no table of abstracts (…_abstracts.tsv): name that; its entities stand "
            "beside it"
        )
    tables = [_beside(source, part, name) for name in ("entities", "relations")]
    if tables[0] is None:
        wanted = source.file_name.replace(part, "entities")
        raise MednerError(f"{source.name}: there is no {wanted} beside it: put both in one folder")
    problems: list[Problem] = []
    mentions = _entities(tables[0], problems)
    relations = _relations(tables[1], problems)
    yield from problems
    for number, line in source.each_line():
        if not line.strip():
            continue
        doc_id, tab, rest = line.partition("\t")
        title, _, abstract = rest.partition("\t")
        if not doc_id or not tab or "\t" in abstract.strip("\t"):
            message = "not PMID, title and abstract: line left out"
            yield Problem(source.name, number, None, ProblemKind.MALFORMED, message)
            continue
        text = f"{title} {abstract}" if abstract else title
        yield Draft(source.name, doc_id, text, number, mentions.pop(doc_id, []), relations.pop(doc_id, []))
    for name, left in (("entities", mentions), ("relations", relations)):
        for doc_id, claims in left.items():
            message = f"{len(claims)} {name} of a document whose text is not here: left out"
            yield Problem(source.name, None, doc_id, ProblemKind.NO_TEXT, message)


def _part(file_name: str) -> str | None:
    return next((each for each in _ABSTRACTS if each in file_name), None)


def _beside(source: Source, part: str, name: str) -> Source | None:
    names = [source.file_name.replace(part, each) for each in (name, f"{name}_gs", f"gold_standard_{name}")]
    return next((found for each in names if (found := source.beside(each)) is not None), None)


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    for number, line in source.each_line():
        if line.strip():
            yield number, line.split("\t")


def _entities(source: Source, problems: list[Problem]) -> dict[str, list[MentionClaim]]:
    found: dict[str, list[MentionClaim]] = defaultdict(list)
    for number, row in _rows(source):
        start, end = (whole_number(each) for each in row[3:5]) if len(row) == 6 else (None, None)
        if start is None or end is None:
            message = "not PMID, id, type, start, end and text: line left out"
            problems.append(Problem(source.name, number, None, ProblemKind.MALFORMED, message))
            continue
        found[row[0]].append(MentionClaim(row[1], row[2], ((start, end),), row[5], line=number))
    return found


def _relations(source: Source | None, problems: list[Problem]) -> dict[str, list[RelationClaim]]:
    found: dict[str, list[RelationClaim]] = defaultdict(list)
    seen: set[tuple[str, ...]] = set()
    for number, row in _rows(source) if source is not None else ():
        ends = [each.strip().partition(":") for each in row[-2:]]
        if len(row) not in (4, 6) or [each[0] for each in ends] != ["Arg1", "Arg2"]:
            message = "not PMID, type, Arg1 and Arg2: line left out"
            problems.append(
                Problem(source.name if source else "", number, None, ProblemKind.MALFORMED, message)
            )
            continue
        kind = row[1].strip()
        said: Attributes = ()
        if len(row) == 6:
            evaluated = _KINDS.get(row[2].strip(), row[2].strip())
            said = (("evaluated", evaluated), ("name", row[3].strip()))
        key = (row[0], kind, ends[0][2], ends[1][2])
        if key not in seen:
            seen.add(key)
            found[row[0]].append(RelationClaim(kind, ends[0][2], ends[1][2], number, said))
    return found
