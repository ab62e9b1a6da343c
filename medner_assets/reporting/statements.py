"""What may be said of a comparison, and of what: of these two adapters, or of the two recipes. Never mixed.

One training each is one adapter each: it says nothing of the recipes, whose next training gives another
score. With at least two trainings on both sides, the recipes are compared, over seeds and documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Phrase, Unit
from medner_assets.reporting.sections.scores import TASKS, ScoresSection

NOUNS = {"entity": "entities", "relation": "relations"}
NO_VERDICT = "no verdict"
_OF_ADAPTERS = {"better": "scores higher", "worse": "scores lower"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one task, of adapters or of recipes."""

    task: str
    word: str
    """Of adapters: scores higher, scores lower; of recipes: better, worse, equivalent; of both: not
    distinguishable, no verdict."""
    difference: Number
    low: Number
    high: Number
    p_adjusted: Number
    found_above: Number
    documents: Number
    groups: Number
    trainings: tuple[Number, Number] | None
    """Of the version and of the baseline; None: one adapter each."""
    spread: tuple[Number, Number] | None
    """Standard deviation of F1 from training to training, likewise."""
    margin: Number

    @property
    def of_recipes(self) -> bool:
        """Whether it speaks of recipes."""
        return self.trainings is not None

    def told(self, baseline: str) -> Phrase:
        """Return the sentence: what, by how much, how sure, and what would have been found."""
        if self.word == NO_VERDICT:
            return (
                f"{NOUNS[self.task].capitalize()}: no verdict, ", self.groups,
                " groups of documents hold an item, and fewer than 20 say too little.",
            )  # fmt: skip
        low, high = self.low.as_unit(Unit.BOUND), self.high.as_unit(Unit.BOUND)
        sure: Phrase = (self.difference, " (95 % ", low, " to ", high, ", adjusted p ",
                        *_p(self.p_adjusted), ", ", self.documents, " documents)")  # fmt: skip
        if self.trainings is not None and self.spread is not None:
            sure = (
                *sure, "; ", self.trainings[0], " trainings, SD ", self.spread[0], ", against ",
                self.trainings[1], ", SD ", self.spread[1],
            )  # fmt: skip
        return (f"{NOUNS[self.task].capitalize()}: ", *self.described(baseline), ", ", *sure, ".")

    def described(self, baseline: str) -> Phrase:
        """Return the verdict in words, with what it is not distinguishable from."""
        if self.word == "not distinguishable":
            return (
                f"not distinguishable from {baseline} (differences above ",
                self.found_above.as_unit(Unit.GAP),
                " would have been found with 80 % power)",
            )
        if self.word == "equivalent":
            return (f"equivalent to {baseline} within ±", self.margin.as_unit(Unit.GAP))
        return (f"{self.word} than {baseline}" if self.word in _COMPARED else self.word,)


_COMPARED = ("better", "worse", "scores higher", "scores lower")


def of_adapters(scores: ScoresSection) -> tuple[Statement, ...]:
    """Return what is said of the two adapters; empty where nothing was compared."""
    rows = ((task, scores.comparison(task)) for task in TASKS)
    return tuple(
        _statement(task, row, _OF_ADAPTERS.get(row["verdict"], row["verdict"]))
        for task, row in rows
        if row is not None and isinstance(row["verdict"], str)
    )


def of_recipes(scores: ScoresSection) -> tuple[Statement, ...]:
    """Return what is said of the two recipes; empty unless both were trained at least twice."""
    rows = ((task, scores.recipes.get(task)) for task in TASKS)
    return tuple(_statement(task, row, row["verdict"]) for task, row in rows if row is not None)


def headline(inputs: ReportInputs, adapters: tuple[Statement, ...], recipes: tuple[Statement, ...]) -> str:
    """Return the first line: what is better on what, of recipes where they were compared."""
    version, baseline = inputs.version, inputs.baseline
    if not version.scored:
        return f"{version.name} is not evaluated yet"
    if baseline is None:
        return f"{version.name} names no baseline: its scores stand beside trivial readers only"
    if not baseline.scored:
        untrained = baseline.adapter is None and baseline.system == "lora"
        what = "was never trained" if untrained else "is not evaluated"
        return f"{baseline.name} {what}: {version.name} stands alone"
    if recipes:
        return f"The recipe of {version.name}, against that of {baseline.name}: {_joined(recipes)}"
    if adapters and not inputs.are_adapters:
        return f"These answers of {version.name}, against those of {baseline.name}: {_joined(adapters)}"
    if adapters:
        return f"This adapter of {version.name}, against this adapter of {baseline.name}: {_joined(adapters)}"
    return f"{version.name} and {baseline.name} are not compared"


def one_training_each(inputs: ReportInputs, scores: ScoresSection) -> Phrase | None:
    """Return what a comparison of single adapters does not say, with the spread of trainings where known."""
    if inputs.baseline is None or scores.recipes or not scores.comparisons:
        return None
    counts = {each.name: scores.spread.get((each.name, "relation")) for each in inputs.pair}
    several = [name for name, row in counts.items() if row is not None]
    if several:
        one = next((each.name for each in inputs.pair if each.name not in several), None)
        row = counts[several[0]]
        if one is None or row is None:
            return None
        return (
            f"A screen: one training of {one} against ", row["trainings"], f" of {several[0]}, whose "
            "relation F1 varies by ", row["sd"].as_unit(Unit.GAP), " (SD) from training to training. "
            "It says nothing of the recipes until both are trained several times.",
        )  # fmt: skip
    if not inputs.are_adapters:
        return ("One run each: it says nothing of other runs of these systems.",)
    said: Phrase = ("One training each: it says nothing of the recipes.",)
    known = [row for (_, task), row in scores.spread.items() if task == "relation"]
    if known:
        widest = max(known, key=lambda row: row["sd"].value or 0.0)
        said = (
            *said, " Relation F1 of ", widest["trainings"], f" trainings of {widest['version']}, on this "
            "base and dataset, varies by ", widest["sd"].as_unit(Unit.GAP), " (SD).",
        )  # fmt: skip
    return said


def _statement(task: str, row: Mapping[str, Any], word: str) -> Statement:
    several = "trainings" in row
    return Statement(
        task=task,
        word=word,
        difference=row["difference"],
        low=row["low"],
        high=row["high"],
        p_adjusted=row["p_adjusted"],
        found_above=row["found_above"],
        documents=row["documents"],
        groups=row["groups"],
        trainings=(row["trainings"], row["baseline_trainings"]) if several else None,
        spread=(row["version_sd"].as_unit(Unit.GAP), row["baseline_sd"].as_unit(Unit.GAP))
        if several
        else None,
        margin=row["margin"] if several else Number(None, Unit.GAP),
    )


def _joined(statements: tuple[Statement, ...]) -> str:
    words: dict[str, list[str]] = {}
    for each in statements:
        words.setdefault(each.word, []).append(NOUNS[each.task])
    return ", ".join(f"{word} on {' and '.join(nouns)}" for word, nouns in words.items())


def _p(number: Number) -> Phrase:
    return (number,) if str(number).startswith("<") else ("=\u00a0", number)
