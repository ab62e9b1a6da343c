"""What several trainings of one recipe say, as votes: how many of them say the same. Pure."""

from collections.abc import Sequence

import polars as pl

from medner_assets.normalising import normalised
from medner_assets.scoring.confidence.items import STRINGS, largest
from medner_assets.scoring.schemes import Task

_KINDS: dict[Task, tuple[str, ...]] = {"entity": ("type",), "relation": ("type", "head_type", "tail_type")}


def voted(task: Task, members: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return all that any member says, each once, with the column `votes`: members that say it.

    members: predicted rows of one stage, of the same documents; at least one. The same is said by lines of a
    document with equal types and strings, case and white space aside. Its rows are those of the first member
    that says it; its probabilities are the means over all members, 0 for one that does not say it, and null
    where a member that says it has none. Rows keep their order and are numbered anew.
    """
    rows = pl.concat(
        largest(task, each.drop("votes", strict=False)).with_columns(member=pl.lit(n, pl.Int64))
        for n, each in enumerate(members)
    )
    strings = [normalised(rows[name]).alias(f"said {name}") for name in STRINGS[task]]
    item = ["doc_id", *_KINDS[task], *(each.name for each in strings)]
    rows = rows.with_columns(strings)
    numbers = ("probability", "model_probability")
    of_member = rows.unique([*item, "member"], keep="first", maintain_order=True)
    whole = of_member.group_by(item, maintain_order=True).agg(
        votes=pl.len().cast(pl.Int64),
        first=pl.col("member").min(),
        **{
            name: pl.when(pl.col(name).is_null().any())
            .then(None)
            .otherwise(pl.col(name).sum() / len(members))
            for name in numbers
        },
    )
    kept = rows.drop(numbers).join(whole, on=item, nulls_equal=True, maintain_order="left")
    kept = kept.filter(pl.col("member") == pl.col("first")).sort("doc_id", "first", "ordinal")
    columns = [name for name in members[0].columns if name != "votes"]
    return kept.with_columns(ordinal=pl.int_range(pl.len()).over("doc_id")).select(*columns, "votes")


def majority(rows: pl.DataFrame, members: int) -> pl.DataFrame:
    """Return the rows of `voted` that more than half of the members say."""
    return rows.filter(2 * pl.col("votes") > members)
