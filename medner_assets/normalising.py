"""When two strings are the same string: the one rule, once in Python and once for a column.

Unicode NFC, full case folding, NFC again, then each run of white space (what `str.split` splits on, so also
no-break spaces and line ends) becomes one blank and none stays at the ends. Nothing else is touched: hyphens,
digits, accents and word order count.
"""

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # processes that write completions have no tables
    import polars as pl

# ASCII white space as `str.split` knows it, and the only places where collapsing it changes a string.
_BLANKS = r"[\t-\r\x1c-\x1f ]+"
_UNEVEN = r"[\t-\r\x1c-\x1f]|  |^ | $"


def normalise(text: str) -> str:
    """Return the form in which `text` is compared; idempotent. Raises nothing."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())


def normalised(texts: "pl.Series") -> "pl.Series":
    """Return `normalise` of each text, null for null.

    Strings of ASCII characters, for which folding is lower-casing and NFC changes nothing, are done by the
    column; the others one by one, each distinct string once.
    """
    import polars as pl

    frame = pl.DataFrame({"text": texts})
    text = pl.col("text")
    ascii_only = text.str.len_bytes() == text.str.len_chars()
    lower = text.str.to_lowercase()
    even = (
        pl.when(lower.str.contains(_UNEVEN))
        .then(lower.str.replace_all(_BLANKS, " ").str.strip_chars(" "))
        .otherwise(lower)
    )
    done = frame.select(
        pl.when(ascii_only).then(even).alias("text"), (~ascii_only).fill_null(False).alias("other")
    )
    if not done["other"].any():
        return done["text"].rename(texts.name)
    others = frame.filter(done["other"])["text"]
    distinct = others.unique()
    forms = pl.Series([normalise(each) for each in distinct.to_list()], dtype=pl.String)
    folded = others.replace_strict(distinct, forms, return_dtype=pl.String)
    return done["text"].scatter(done["other"].arg_true(), folded).rename(texts.name)
