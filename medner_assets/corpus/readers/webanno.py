"""Read WebAnno's TSV 3, as WebAnno and INCEpTION export it: a token a line, its layers in columns.

Rules, with the reason for each:
- Offsets of tokens count UTF-16 units of the document. The text is that of the `#Text=` lines, each at the
  offset of its first token, with line breaks between.
- A span layer's first feature is the type (the layer's name where it has none); the other features are
  attributes of the mention. `VALUE[3]` on several tokens is one mention, a value without a number one
  token's; values of one token are parted by `|`.
- A relation layer has the end that a relation comes from in its last column, on the token that it leads to:
  the mention there is the tail.
- Chains and slots are not kept, which is told.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from medner_assets.corpus.offsets import OffsetUnit, code_point_span
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".tsv",)
RULES = Rules(units=(OffsetUnit.CODE_POINTS,), has_ids=False)

_TOKEN = re.compile(r"(\d{1,9})-(\d{1,9})(?:\.\d+)?")
_OFFSETS = re.compile(r"(\d{1,12})-(\d{1,12})")
_VALUE = re.compile(r"(.*?)(?:\[(\d+)\])?", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\|_\[\]*;>\-trnbf])")
_ENDS = {"t": "\t", "r": "\r", "n": "\n", "b": "\b", "f": "\f"}


@dataclass(slots=True)
class _Layer:
    """A layer: what it annotates, and its columns."""

    kind: str
    name: str
    features: list[str]
    first: int = 0


@dataclass(slots=True)
class _Reading:
    """What was read of one document so far. Offsets are those of the file."""

    layers: list[_Layer] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    spans: dict[tuple[int, str], list[tuple[int, int]]] = field(default_factory=dict)
    values: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    lines: dict[tuple[int, str], int] = field(default_factory=dict)
    at_token: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    links: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(line, type, token it comes from, token it leads to)."""


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the document of a file; raise MednerError if it is no WebAnno TSV 3."""
    reading, pending, others = _Reading(), [], set[str]()
    begun = False
    for number, line in source.each_line():
        if number == 1 and not line.startswith("#FORMAT=WebAnno TSV 3"):
            raise MednerError(f"{source.name}: does not begin with '#FORMAT=WebAnno TSV 3': check the format")
        if line.startswith("#T_"):
            kind, _, rest = line[1:].partition("=")
            name, *features = rest.split("|")
            reading.layers.append(_Layer(kind, name.rpartition(".")[2], features))
            others |= {"chains"} if kind == "T_CH" else set()
        elif line.startswith("#Text="):
            pending.append(_unescaped(line.removeprefix("#Text=")))
        elif line and not line.startswith("#"):
            columns = line.split("\t")
            token, place = _TOKEN.fullmatch(columns[0]), _OFFSETS.fullmatch(columns[1] if columns[1:] else "")
            if token is None or place is None:
                message = "not a token of WebAnno TSV: line left out"
                yield Problem(source.name, number, source.stem, ProblemKind.MALFORMED, message)
                continue
            if not begun:
                _place_columns(reading.layers)
                begun = True
            span = (int(place[1]), int(place[2]))
            if pending:
                reading.texts.append((span[0], "\n".join(pending)))
                pending = []
            _take(reading, number, columns, span)
    yield from _drafted(source, reading)
    for what in sorted(others):
        yield Problem(source.name, None, source.stem, ProblemKind.NOT_KEPT, f"{what}: not kept")


def _place_columns(layers: Sequence[_Layer]) -> None:
    """Give each layer its first column; a layer without features has one of its own."""
    column = 3
    for each in layers:
        each.first = column
        column += max(1, len(each.features))


def _take(reading: _Reading, line: int, columns: Sequence[str], span: tuple[int, int]) -> None:
    for number, layer in enumerate(reading.layers):
        cells = list(columns[layer.first : layer.first + max(1, len(layer.features))])
        if not cells or cells[0] in ("_", ""):
            continue
        if layer.kind == "T_RL":
            types, sources = _split(cells[0]), _split(cells[-1])
            for type_, origin in zip(types, sources, strict=False):
                name = _VALUE.fullmatch(type_)
                label = name[1] if name else type_
                reading.links.append((line, layer.name if label in ("*", "_") else label, origin, columns[0]))
            continue
        if layer.kind != "T_SP":
            continue
        several = [_split(cell) for cell in cells]
        for position, value in enumerate(several[0]):
            match = _VALUE.fullmatch(value)
            label, shared = (match[1], match[2]) if match else (value, None)
            key = (number, shared or f"{columns[0]}/{position}")
            reading.spans.setdefault(key, []).append(span)
            reading.lines.setdefault(key, line)
            features = [cell[position] if position < len(cell) else "_" for cell in several]
            reading.values.setdefault(key, [label, *features[1:]])
            reading.at_token.setdefault(columns[0], []).append(key)


def _split(cell: str) -> list[str]:
    return re.split(r"(?<!\\)\|", cell)


def _drafted(source: Source, reading: _Reading) -> Iterator[Draft | Problem]:
    text, gaps = "", []
    for start, words in sorted(reading.texts):
        width = len(text.encode("utf-16-le")) // 2
        gaps.append(start - width)
        text += ("\n" * max(0, start - width)) + words
    if not text:
        raise MednerError(f"{source.name}: holds no '#Text=' with tokens below it: export it again")
    draft = Draft(source.name, source.stem, text, own_id=False)
    names: dict[tuple[int, str], str] = {}
    for n, (key, spans) in enumerate(reading.spans.items(), start=1):
        layer, (label, *rest) = reading.layers[key[0]], reading.values[key]
        names[key] = f"T{n}"
        type_ = layer.name if label in ("*", "_") else _unescaped(label)
        start, end = min(each[0] for each in spans), max(each[1] for each in spans)
        # Tokens count UTF-16 units in this format, whatever stands in the file.
        place = code_point_span(text, start, end, OffsetUnit.UTF16)
        said = tuple(
            sorted(
                (name.rpartition(".")[2], _unescaped(_VALUE.fullmatch(value)[1]))  # type: ignore[index]
                for name, value in zip(layer.features[1:], rest, strict=False)
                if value not in ("_", "*", "")
            )
        )
        claim = MentionClaim(
            names[key], type_, (place or (start, end),), None, line=reading.lines[key], attributes=said
        )
        draft.mentions.append(claim)
    for line, label, origin, target in reading.links:
        ends = [_mention_at(reading, names, each) for each in (origin, target)]
        draft.relations.append(RelationClaim(_unescaped(label), ends[0], ends[1], line))
    yield draft


def _mention_at(reading: _Reading, names: dict[tuple[int, str], str], token: str) -> str:
    """Return the mention at a token; `1-3[2_1]` names the second one of that token by its number."""
    place, _, number = token.partition("[")
    keys = reading.at_token.get(place, [])
    wanted = number.rstrip("]").partition("_")[0]
    exact = [key for key in keys if key[1] == wanted]
    return names.get((exact or keys or [(-1, "")])[0], "")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ENDS.get(match[1], match[1]), text)
