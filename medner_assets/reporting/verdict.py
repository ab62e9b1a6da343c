"""The first screen: better, worse or not distinguishable, on what, how sure, and where both stand among
trivial
baselines. What should make a reader distrust the rest comes before it."""

from dataclasses import dataclass
from enum import StrEnum

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Phrase, Unit, difference
from medner_assets.reporting.sections.baselines import BaselinesSection, Place
from medner_assets.reporting.sections.scores import TASKS, ScoresSection

NOUNS = {"entity": "entities", "relation": "relations"}


class Tone(StrEnum):
    """How a line is meant."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class TaskVerdict:
    """What can be said of one task."""

    task: str
    word: str
    """better, worse, not distinguishable or not compared."""
    tone: Tone
    difference: Number
    low: Number
    high: Number
    p_value: Number
    """Holm-adjusted over the two headline metrics."""
    documents: Number
    groups: Number
    f1: tuple[Number, ...]
    """In the order of `ReportInputs.pair`."""
    place: tuple[tuple[str, str], ...]
    """(version, where it stands on the baseline ladder); empty where nothing can be placed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first screen."""

    headline: str
    tone: Tone
    warnings: tuple[Phrase, ...]
    tasks: tuple[TaskVerdict, ...]


def verdict_of(inputs: ReportInputs, scores: ScoresSection, baselines: BaselinesSection) -> Verdict:
    """Return the verdict from the comparisons at stage final, under the headline schemes."""
    tasks = tuple(_task(inputs, scores, baselines, task) for task in TASKS)
    warnings = (*_warnings(inputs), *_trivial(inputs, scores, baselines), *_audit(inputs, baselines))
    tone = _tone(tasks)
    return Verdict(
        headline=_headline(inputs, tasks),
        # What should make a reader distrust the rest is not dressed as good news.
        tone=Tone.WARNING if warnings and tone is Tone.GOOD else tone,
        warnings=warnings,
        tasks=tasks,
    )


def _task(inputs: ReportInputs, scores: ScoresSection, baselines: BaselinesSection, task: str) -> TaskVerdict:
    row = scores.comparison(task)
    f1 = tuple(scores.f1(task, each.name) for each in inputs.pair)
    places = zip(inputs.pair, map(baselines.place, f1), strict=True)
    place = tuple(
        (each.name, found.value)
        for each, found in places
        if task == "relation" and found is not Place.UNKNOWN
    )
    if row is None:
        gap = difference(f1[-1], f1[0], Unit.POINTS) if len(f1) == 2 else Number(None, Unit.POINTS)
        nothing = Number(None)
        return TaskVerdict(
            task, "not compared", Tone.NEUTRAL, gap, nothing, nothing, nothing, nothing, nothing, f1, place
        )
    word = row["verdict"] if isinstance(row["verdict"], str) else "not compared"
    tone = {"better": Tone.GOOD, "worse": Tone.BAD}.get(word, Tone.NEUTRAL)
    return TaskVerdict(
        task, word, tone, row["difference"], row["low"], row["high"], row["p_adjusted"], row["documents"],
        row["groups"], f1, place,
    )  # fmt: skip


def _headline(inputs: ReportInputs, tasks: tuple[TaskVerdict, ...]) -> str:
    version = inputs.version
    if not version.scored:
        return f"{version.name} is not evaluated yet"
    if inputs.baseline is None:
        return f"{version.name} names no baseline: its scores stand beside trivial readers only"
    if not inputs.baseline.scored:
        what = "was never trained" if inputs.baseline.adapter is None else "is not evaluated"
        return f"{inputs.baseline.name} {what}: {version.name} stands alone"
    words: dict[str, list[str]] = {}
    for each in tasks:
        words.setdefault(each.word, []).append(NOUNS[each.task])
    parts = [f"{word} on {' and '.join(nouns)}" for word, nouns in words.items()]
    return f"{version.name} is " + ", ".join(parts)


def _tone(tasks: tuple[TaskVerdict, ...]) -> Tone:
    tones = {each.tone for each in tasks}
    if Tone.BAD in tones:
        return Tone.WARNING if Tone.GOOD in tones else Tone.BAD
    return Tone.GOOD if Tone.GOOD in tones else Tone.NEUTRAL


def _warnings(inputs: ReportInputs) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    for each in inputs.pair:
        total = inputs.test_documents
        if each.adapter is None:
            found.append((f"{each.name} was never trained: there is no adapter.",))
        elif not each.scored:
            done = (
                f"{each.completed}/{total} documents" if total is not None else f"{each.completed} documents"
            )
            found.append((
                f"The evaluation of {each.name} is not done: {done} have a completion, none is scored.",
            ))  # fmt: skip
        elif total is not None and each.evaluated < total:
            found.append((
                f"The evaluation of {each.name} is half done: {each.evaluated}/{total} evaluated. ",
                "Its scores are those of these documents only.",
            ))  # fmt: skip
        if len(each.evaluations) > 1:
            found.append((
                f"The tables of {each.name} belong to {len(each.evaluations)} evaluations ",
                f"({', '.join(each.evaluations)}): evaluate it again before believing a number.",
            ))  # fmt: skip
    return tuple(found)


_NEARLY_FREE = (
    " Relations here follow from entities almost by themselves: what is lost is lost by finding entities."
)


def _trivial(inputs: ReportInputs, scores: ScoresSection, baselines: BaselinesSection) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    dictionary = next((rung.f1 for rung in baselines.rungs if rung.task == "entity"), Number(None))
    for each in inputs.pair:
        relation, entity = scores.f1("relation", each.name), scores.f1("entity", each.name)
        if baselines.place(relation) is Place.BELOW:
            found.append((
                f"{each.name} is below a trivial baseline: relation F1 ", relation,
                ", while predicting every type-compatible pair of the gold entities scores ",
                baselines.all_pairs, ".",
                *([_NEARLY_FREE] if baselines.nearly_free_given_entities else []),
            ))  # fmt: skip
        if entity.value is not None and dictionary.value is not None and entity.value < dictionary.value:
            found.append((
                f"{each.name} is below a trivial baseline: entity F1 ", entity,
                ", while a dictionary of the train split scores ", dictionary, ".",
            ))  # fmt: skip
    return tuple(found)


def _audit(inputs: ReportInputs, baselines: BaselinesSection) -> tuple[Phrase, ...]:
    if baselines.labels_follow_text:
        return ()
    found: list[Phrase] = [(
        f"The audit of {inputs.dataset} found that its relations do not follow the text: no training can ",
        "learn them, and a difference between versions says nothing about reading.",
    )]  # fmt: skip
    target = inputs.targets.relation_f1 if inputs.targets else None
    if target is not None and baselines.ceiling.value is not None and target > baselines.ceiling.value:
        found.append((
            "The target, relation F1 ", Number(target, Unit.SHARE), ", cannot be reached by training: the ",
            "best possible score without reading the text is ", baselines.ceiling, ".",
        ))  # fmt: skip
    return tuple(found)
