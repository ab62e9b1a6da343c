"""F1 by version with the spread of its trainings, among trivial readers: one row each, best first. Pure.

A dot is a training, the thin line the 95 % interval of the first, the thick one mean and SD. A version that
was trained once has no SD: one training says nothing of its recipe. A trivial reader has a tick.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from medner_assets.recipes.replicates import version_and_index
from medner_assets.reporting.numbers import Number
from medner_assets.reporting.sections.baselines import NAMES
from medner_assets.scoring.schemes import FINAL, HEADLINES

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 700, 210, 150, 26, 24
_SERIES = {"entity": 1, "relation": 0}
_SCHEMES = {str(task): str(scheme) for task, scheme in HEADLINES}


@dataclass(frozen=True, slots=True)
class TrainingSpread:
    """F1 of one version's trainings on the test split, fractions. sd: None for a single one.

    scores: empty for a trivial reader, of which `mean` is the score.
    """

    version: str
    scores: tuple[float, ...]
    mean: float
    sd: float | None
    low: float | None = None
    high: float | None = None
    """The 95 % interval of the first training."""

    @property
    def told(self) -> str:
        """Mean, SD and count in words, in %."""
        if not self.scores:
            return f"{100 * self.mean:.1f} (trivial)"
        if self.sd is None:
            return f"{100 * self.mean:.1f} (1 training)"
        return f"{100 * self.mean:.1f} ± {100 * self.sd:.1f} ({len(self.scores)} trainings)"


def spreads(
    metrics: pl.DataFrame, rows: Sequence[Mapping[str, Number]], dataset: str, task: str
) -> list[TrainingSpread]:
    """Return the spread of each version of a dataset, in the order of `rows`.

    metrics: the whole table. rows: those of the leaderboard, which say how many trainings count, their mean
    and their SD. task: entity or relation.
    """
    scored = metrics.filter(
        (pl.col("dataset") == dataset)
        & (pl.col("stage") == FINAL)
        & (pl.col("task") == task)
        & (pl.col("scheme") == _SCHEMES[task])
        & pl.col("f1").is_not_null()
    )
    scores = dict(scored.select("model_version", "f1").iter_rows())
    found = []
    for row in rows:
        name, mean, count = str(row["model_version"]), row[f"{task}_mean"].value, row["trainings"].value
        if str(row["dataset"]) != dataset or mean is None:
            continue
        own = sorted((version_and_index(each)[1], f1) for each, f1 in scores.items()
                     if version_and_index(each)[0] == name)  # fmt: skip
        shown = tuple(f1 for _, f1 in own[: int(count or 1)])
        interval = (row[f"{task}_low"].value, row[f"{task}_high"].value)
        found.append(TrainingSpread(name, shown, mean, row[f"{task}_sd"].value, *interval))
    return found


def rungs(readers: Sequence[Mapping[str, Number]], dataset: str, task: str) -> list[TrainingSpread]:
    """Return the trivial readers of a dataset. readers: as `leaderboard.trivial_readers` gives them."""
    found = []
    for row in readers:
        f1, low, high = (row[name].value for name in ("f1", "f1_low", "f1_high"))
        if (str(row["dataset"]), str(row["task"])) == (dataset, task) and f1 is not None:
            found.append(TrainingSpread(NAMES[str(row["probe"])], (), f1, None, low, high))
    return found


def spread_chart(title: str, rows: Sequence[TrainingSpread], task: str) -> Markup:
    """Return the picture; an empty string without rows. task: chooses the colour."""
    if not rows:
        return Markup("")
    rows = sorted(rows, key=lambda row: -row.mean)
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    values = [value for row in rows for value in (*row.scores, row.mean)] + ends
    low = max(0.0, int(20 * min(values) - 0.5) / 20)
    high = min(1.0, (int(20 * max(values)) + 1.5) / 20)
    height = _TOP + _ROW * len(rows) + 30

    def x(value: float) -> float:
        share = (min(max(value, low), high) - low) / ((high - low) or 1.0)
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share

    parts = [_scale(low, high, x(low), x(high), height)]
    for place, row in enumerate(rows):
        parts.append(_row(row, _TOP + _ROW * place + _ROW // 2, x, _SERIES[task]))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{}" '
        'width="{}" height="{}" viewBox="0 0 {} {}"><text x="0" y="14">{}</text>{}</svg>'
    ).format(
        f"{title}: " + "; ".join(f"{row.version} {row.told}" for row in rows),
        _WIDTH, height, _WIDTH, height, title, Markup("").join(parts),
    )  # fmt: skip


def _scale(low: float, high: float, left: float, right: float, height: int) -> Markup:
    marks = [low + (high - low) * part / 4 for part in range(5)]
    return Markup("").join(
        Markup(
            '<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
            '<text x="{0:.1f}" y="{3}" text-anchor="middle">{4:.0f}</text>'
        ).format(left + (right - left) * place / 4, _TOP, height - 24, height - 8, 100 * mark)
        for place, mark in enumerate(marks)
    )


def _row(row: TrainingSpread, y: int, x: Callable[[float], float], series: int) -> Markup:
    parts = [Markup('<text x="0" y="{}">{}</text>').format(y + 4, row.version)]
    if row.low is not None and row.high is not None:
        parts.append(
            Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{y}" y2="{y}"/>').format(
                f"line thin s{series}" if row.scores else "iso", x(row.low), x(row.high), y=y
            )
        )
    if not row.scores:
        parts.append(
            Markup('<line class="iso" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                x(row.mean), y - 7, y + 7
            )
        )
    if row.sd is not None:
        parts.append(
            Markup('<line class="line s{}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                series, x(row.mean - row.sd), x(row.mean + row.sd), y, y
            )
        )
        parts.append(
            Markup('<line class="line s{0}" x1="{1:.1f}" x2="{1:.1f}" y1="{2}" y2="{3}"/>').format(
                series, x(row.mean), y - 7, y + 7
            )
        )
    parts += [
        Markup('<circle class="dot s{}" cx="{:.1f}" cy="{}" r="3" fill-opacity="0.6"/>').format(
            series, x(score), y
        )
        for score in row.scores
    ]
    parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDTH, y + 4, row.told))
    return Markup("").join(parts)
