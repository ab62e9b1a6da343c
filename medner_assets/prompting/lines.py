"""Text as one line."""


def one_line(text: str) -> str:
    """Return `text` with each run of white space as one blank."""
    return " ".join(text.split())
