"""Completion → parsed entities and relations. Never raises: each line becomes a prediction or a rejected
line.

Linear in the length of the completion: fixed strings are searched, no pattern backtracks.
"""

from medner_assets.prompting.templates import NONE_FOUND, one_line
from medner_assets.schema import ParsedCompletion, ParsedEntity, ParsedRelation, RejectedLine

_ARROW_OPENS, _ARROW_CLOSES = "--[", "]-->"
_NOTHING = {NONE_FOUND.lower(), NONE_FOUND.rstrip(".").lower(), "none.", "none"}


def parse_completion(completion: str) -> ParsedCompletion:
    """Return what `completion` says, whatever it is.

    Blank lines, headings (`#…`) and "None found." say nothing and are skipped. A relation line is known by
    its arrow and an entity line by its bracket, wherever they stand: a model that forgets a heading is still
    read.
    """
    entities: list[ParsedEntity] = []
    relations: list[ParsedRelation] = []
    rejected: list[RejectedLine] = []
    # Only \n and \r\n end a line: str.splitlines would also break at characters that a mention may hold.
    for number, line in enumerate(completion.replace("\r\n", "\n").split("\n"), start=1):
        item = _without_number(line.strip())
        if not item or item.startswith("#") or item.lower() in _NOTHING:
            continue
        parsed = _relation(item) if _ARROW_OPENS in item or _ARROW_CLOSES in item else _entity(item)
        if isinstance(parsed, str):
            rejected.append(RejectedLine(number, line, parsed))
        elif len(parsed) == 2:
            entities.append(ParsedEntity(len(entities), *parsed))
        else:
            relations.append(ParsedRelation(len(relations), *parsed))
    return ParsedCompletion(tuple(entities), tuple(relations), tuple(rejected))


def _without_number(line: str) -> str:
    """Return the line without its list marker: '3. ', '3) ', '- ', '* '."""
    digits = 0
    while digits < len(line) and line[digits] in "0123456789":
        digits += 1
    if digits and line[digits : digits + 1] in (".", ")"):
        return line[digits + 1 :].lstrip()
    if line[:2] in ("- ", "* "):
        return line[2:].lstrip()
    return line


def _entity(item: str) -> tuple[str, str] | str:
    if not item.startswith("["):
        return "neither '[Type] mention' nor 'head --[type]--> tail'"
    type_, bracket, mention = item[1:].partition("]")
    if not bracket:
        return "the bracket of the type is not closed"
    if not type_.strip():
        return "the type is empty"
    if not mention.strip():
        return "the mention is empty"
    return one_line(type_), one_line(mention)


def _relation(item: str) -> tuple[str, str, str] | str:
    if item.count(_ARROW_OPENS) > 1 or item.count(_ARROW_CLOSES) > 1:
        return "more than one arrow"
    head, opens, rest = item.partition(_ARROW_OPENS)
    type_, closes, tail = rest.partition(_ARROW_CLOSES)
    if not opens or not closes:
        return "the arrow is not complete"
    if not type_.strip():
        return "the type is empty"
    if not head.strip():
        return "the head is empty"
    if not tail.strip():
        return "the tail is empty"
    return one_line(type_), one_line(head), one_line(tail)
