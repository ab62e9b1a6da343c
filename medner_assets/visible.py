"""Text that others wrote, made safe to look at: what steers a terminal or turns a line's direction is shown.

The one place for it: error lines, tables, CSV on a terminal, predictions and reports of import use it. Files
and pipes get the text as it is, since a program reads them.
"""


def visible(text: str, keep: str = "") -> str:
    """Return `text`, character for character as long, with each that does not print as a sign that does.

    Control characters become their pictures (an escape is `␛`), a line end `⏎`, other blanks a blank, and
    marks that are not seen, among them those that turn the direction of a line, the replacement character.
    keep: characters that stay as they are, such as line ends.
    """
    return text if text.isprintable() else "".join(each if each in keep else _sign(each) for each in text)


def escaped(json_text: str) -> str:
    r"""Return JSON with what does not print as `\uXXXX`, which means the same; line ends stay."""
    if json_text.isprintable():
        return json_text
    return "".join(each if each.isprintable() or each == "\n" else _code_units(each) for each in json_text)


def _sign(character: str) -> str:
    if character.isprintable():
        return character
    if character == "\n":
        return "⏎"
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if ord(character) == 0x7F:
        return "␡"
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def _code_units(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
