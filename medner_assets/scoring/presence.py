"""Which arguments of predicted relations are not in the text, exactly: neither grounded, nor a gold
mention, nor a substring.
"""

import polars as pl

from medner_assets.normalising import normalised


def absent_arguments(
    texts: pl.DataFrame, relations: pl.DataFrame, strings: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """Return (doc, norm) of the arguments whose normalised string is not in the normalised text.

    texts: doc, text. relations: rows as `relation_rows` makes them (row, doc, head_norm, tail_norm). strings:
    head_text and tail_text by row. known: (doc, norm) of strings that are in the text for sure.
    """
    asked = pl.concat(
        relations.select("doc", "row", norm=f"{argument}_norm").with_columns(argument=pl.lit(argument))
        for argument in ("head", "tail")
    )
    asked = asked.unique(["doc", "norm"], keep="first", maintain_order=True).join(
        known, on=["doc", "norm"], how="anti"
    )
    if not asked.height:
        return asked.select("doc", "norm")
    written = [
        part.with_columns(string=strings[f"{argument}_text"].gather(part["row"]))
        for argument in ("head", "tail")
        for part in [asked.filter(pl.col("argument") == argument)]
    ]
    looked_up = pl.concat(written).join(texts, on="doc", how="left")
    looked_up = looked_up.with_columns(pl.Series("string", normalised(looked_up["string"])))
    whole = texts.join(looked_up, on="doc", how="semi")
    whole = whole.select("doc", whole=normalised(whole["text"]))
    found = pl.col("whole").str.contains(pl.col("string"), literal=True)
    return looked_up.join(whole, on="doc").filter(~found).select("doc", "norm")
