"""Completion → parsed entities and relations. Never raises: each line becomes a prediction or a rejected
line.

Linear in the length of the completion: fixed strings are searched, no pattern backtracks.
"""

from medner_assets.prompting.escaping import ARROW_CLOSES, ARROW_OPENS, mention_of, places, type_of
from medner_assets.prompting.templates import ENTITIES_HEADING, NONE_FOUND, RELATIONS_HEADING
from medner_assets.schema import ParsedCompletion, ParsedEntity, ParsedRelation, RejectedLine

CUT = "\\cut "
"""Begins an unfinished line in completions of before windows were kept: those of a document were joined."""
_NOTHING = {NONE_FOUND.lower(), NONE_FOUND.rstrip(".").lower(), "none.", "none"}


def parse_completion(completion: str, *, is_cut: bool | None = None) -> ParsedCompletion:
    """Return what `completion` says, whatever it is.

    is_cut: whether it was cut at its limit, so that its last line, unless its end was written, is no
    prediction; None: it is not known, and a completion that has its first heading and lacks its second was.
    Blank lines, headings (`#…`) and "None found." say nothing and are skipped. A relation line is known by
    its arrow and an entity line by its bracket, wherever they stand: a model that forgets a heading is still
    read.
    """
    entities: list[ParsedEntity] = []
    relations: list[ParsedRelation] = []
    rejected: list[RejectedLine] = []
    # Only \n and \r\n end a line: str.splitlines would also break at characters that a mention may hold.
    lines = completion.split("\n")
    unfinished = len(lines) if (_looks_cut(lines) if is_cut is None else is_cut) else 0
    end = -1  # of the line before
    for number, written in enumerate(lines, start=1):
        start, end = end + 1, end + 1 + len(written)
        line = written.removesuffix("\r") if number < len(lines) else written
        item = _behind_number(line.strip()).lstrip()
        arrow = any(True for sign in (ARROW_OPENS, ARROW_CLOSES) for _ in places(item, sign))
        if not item or (line.lstrip().startswith("#") and not arrow) or item.lower() in _NOTHING:
            continue
        if number == unfinished or line.startswith(CUT):
            rejected.append(RejectedLine(number, line.removeprefix(CUT), "cut before its end"))
            continue
        parsed = _relation(item) if arrow else _entity(item)
        said = line.rstrip()
        place = (start + len(said) - len(_behind_number(said)), start + len(said))
        if isinstance(parsed, str):
            rejected.append(RejectedLine(number, line, parsed))
        elif len(parsed) == 2:
            entities.append(ParsedEntity(len(entities), *parsed, place))
        else:
            relations.append(ParsedRelation(len(relations), *parsed, place))
    return ParsedCompletion(tuple(entities), tuple(relations), tuple(rejected))


def _behind_number(line: str) -> str:
    """Return the line without its list marker: '3.', '3)', '-', '*'; the blanks behind it stay."""
    line = line.lstrip()
    digits = 0
    while digits < len(line) and line[digits] in "0123456789":
        digits += 1
    if digits and line[digits : digits + 1] in (".", ")"):
        return line[digits + 1 :]
    if line[:2] in ("- ", "* "):
        return line[1:]
    return line


def _looks_cut(lines: list[str]) -> bool:
    stripped = [line.strip() for line in lines]
    return ENTITIES_HEADING in stripped and RELATIONS_HEADING not in stripped


def _entity(item: str) -> tuple[str, str] | str:
    if not item.startswith("["):
        return "neither '[Type] mention' nor 'head --[type]--> tail'"
    closes = next(places(item, "]"), None)
    if closes is None:
        return "the bracket of the type is not closed"
    type_, mention = item[1:closes], item[closes + 1 :]
    if not type_.strip():
        return "the type is empty"
    if not mention.strip():
        return "the mention is empty"
    return type_of(type_), mention_of(mention)


def _relation(item: str) -> tuple[str, str, str] | str:
    opens, closes = (list(places(item, sign)) for sign in (ARROW_OPENS, ARROW_CLOSES))
    if len(opens) > 1 or len(closes) > 1:
        return "more than one arrow"
    if not opens or not closes or closes[0] < opens[0]:
        return "the arrow is not complete"
    head, type_ = item[: opens[0]], item[opens[0] + len(ARROW_OPENS) : closes[0]]
    tail = item[closes[0] + len(ARROW_CLOSES) :]
    if not type_.strip():
        return "the type is empty"
    if not head.strip():
        return "the head is empty"
    if not tail.strip():
        return "the tail is empty"
    return type_of(type_), mention_of(head), mention_of(tail)
