"""The first screen: what can be said, of these adapters or of these recipes, how sure, what to do, and
where both stand among trivial baselines and targets. What makes a reader distrust the rest comes first."""

from dataclasses import dataclass
from enum import StrEnum

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Number, Phrase, Unit, difference
from medner_assets.reporting.recommendation import distances, quoted, recommended
from medner_assets.reporting.sections.baselines import BaselinesSection, Place
from medner_assets.reporting.sections.scores import TASKS, ScoresSection
from medner_assets.reporting.statements import (
    NO_VERDICT,
    NOUNS,
    Statement,
    headline,
    of_adapters,
    of_recipes,
    one_training_each,
)


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
    """Of recipes where they were compared, else of adapters; not compared."""
    tone: Tone
    difference: Number
    low: Number
    high: Number
    p_adjusted: Number
    """Adjusted over the two headline metrics."""
    documents: Number
    groups: Number
    f1: tuple[Number, ...]
    """Of these adapters, in the order of `ReportInputs.pair`."""
    place: tuple[tuple[str, str], ...]
    """(version, where it stands on the baseline ladder); empty where nothing can be placed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first screen."""

    headline: str
    tone: Tone
    warnings: tuple[Phrase, ...]
    recipes: tuple[Phrase, ...]
    """What is said of the recipes, a sentence a task; empty unless both were trained several times."""
    adapters: tuple[Phrase, ...]
    """What is said of these two adapters, likewise."""
    compared: str
    """What stands over it: These adapters, or of other systems These answers."""
    limits: Phrase | None
    """What a comparison of single adapters does not say."""
    recommendation: Phrase
    targets: tuple[Phrase, ...]
    """How far each score of the version is from its target."""
    quotes: tuple[Phrase, ...]
    """One line a version that can be quoted as it stands."""
    date: str
    """When the version was trained, ISO; empty: never."""
    tasks: tuple[TaskVerdict, ...]


def verdict_of(inputs: ReportInputs, scores: ScoresSection, baselines: BaselinesSection) -> Verdict:
    """Return the verdict from the comparisons at stage final, under the headline schemes."""
    adapters, recipes = of_adapters(scores), of_recipes(scores)
    spoken = {each.task: each for each in (*adapters, *recipes)}
    tasks = tuple(_task(inputs, scores, baselines, task, spoken.get(task)) for task in TASKS)
    warnings = (
        *_few(adapters),
        *_sent_away(inputs),
        *_warnings(inputs),
        *_replicates(inputs),
        *_trivial(inputs, scores, baselines),
        *_audit(inputs, baselines),
    )
    tone = _tone(tasks)
    baseline = inputs.baseline.name if inputs.baseline else ""
    finished = (inputs.version.adapter or {}).get("finished_at")
    return Verdict(
        headline=headline(inputs, adapters, recipes),
        # What should make a reader distrust the rest is not dressed as good news.
        tone=Tone.WARNING if warnings and tone is Tone.GOOD else tone,
        warnings=warnings,
        recipes=tuple(each.told(baseline) for each in recipes),
        adapters=tuple(each.told(baseline) for each in adapters),
        compared="These adapters" if inputs.are_adapters else "These answers",
        limits=one_training_each(inputs, scores),
        recommendation=recommended(inputs, baselines, adapters, recipes),
        targets=distances(inputs, scores),
        quotes=tuple(quoted(inputs, scores, each) for each in inputs.pair if each.scored),
        date=f"{finished:%Y-%m-%d}" if finished is not None else "",
        tasks=tasks,
    )


def _task(
    inputs: ReportInputs,
    scores: ScoresSection,
    baselines: BaselinesSection,
    task: str,
    statement: Statement | None,
) -> TaskVerdict:
    f1 = tuple(scores.f1(task, each.name) for each in inputs.pair)
    if statement is None:
        gap = difference(f1[-1], f1[0], Unit.POINTS) if len(f1) == 2 else Number(None, Unit.POINTS)
        nothing = Number(None)
        return TaskVerdict(
            task, "not compared", Tone.NEUTRAL, gap, nothing, nothing, nothing, nothing, nothing, f1,
            _places(inputs, baselines, task, f1),
        )  # fmt: skip
    tone = _TONES.get(statement.word, Tone.NEUTRAL)
    # A point that few documents give is placed nowhere.
    place = () if statement.word == NO_VERDICT else _places(inputs, baselines, task, f1)
    return TaskVerdict(
        task, statement.word, tone, statement.difference, statement.low, statement.high,
        statement.p_adjusted, statement.documents, statement.groups, f1, place,
    )  # fmt: skip


_TONES = {
    "better": Tone.GOOD, "scores higher": Tone.GOOD, "worse": Tone.BAD, "scores lower": Tone.BAD,
    NO_VERDICT: Tone.WARNING,
}  # fmt: skip


def _places(
    inputs: ReportInputs, baselines: BaselinesSection, task: str, f1: tuple[Number, ...]
) -> tuple[tuple[str, str], ...]:
    places = zip(inputs.pair, map(baselines.place, f1), strict=True)
    return tuple(
        (each.name, found.value)
        for each, found in places
        if task == "relation" and found is not Place.UNKNOWN
    )


def _few(adapters: tuple[Statement, ...]) -> tuple[Phrase, ...]:
    """Return the first warning: too few groups for any verdict."""
    few = [each for each in adapters if each.word == NO_VERDICT]
    if not few:
        return ()
    nouns = " and ".join(NOUNS[each.task] for each in few)
    return ((
        f"No verdict on {nouns}: only ", few[0].groups, " groups of test documents hold an item, and from "
        "fewer than 20 an interval means too little. Scores and targets below are those of these few.",
    ),)  # fmt: skip


def _replicates(inputs: ReportInputs) -> tuple[Phrase, ...]:
    """Return which declared replicates do not count; the others do."""
    return tuple(
        (f"A replicate of {name} is missing, and the others are compared: {why}.",)
        for name, reasons in inputs.missing_replicates.items()
        for why in reasons
    )


def _sent_away(inputs: ReportInputs) -> tuple[Phrase, ...]:
    """Return which texts left the machine: that concerns their patients, whatever the scores are."""
    return tuple(
        (f"The test texts of {inputs.dataset} were sent to {each.sent_to}, another machine, by {each.name}.",)
        for each in inputs.pair
        if each.sent_to is not None
    )


def _tone(tasks: tuple[TaskVerdict, ...]) -> Tone:
    tones = {each.tone for each in tasks}
    if Tone.BAD in tones:
        return Tone.WARNING if Tone.GOOD in tones else Tone.BAD
    return Tone.GOOD if Tone.GOOD in tones else Tone.NEUTRAL


def _warnings(inputs: ReportInputs) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    for each in inputs.pair:
        total = inputs.test_documents
        if each.adapter is None and each.system == "lora":
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


_OF_PART = {
    "types-do-not-follow-text": "which type a related pair has",
    "directions-do-not-follow-text": "which of a related pair is the head",
}


def _audit(inputs: ReportInputs, baselines: BaselinesSection) -> tuple[Phrase, ...]:
    part = _OF_PART.get(baselines.verdict or "")
    if part is not None:
        return ((
            f"The audit of {inputs.dataset} found that the text does not say {part}: ",
            "a difference between versions in that says nothing about reading.",
        ),)  # fmt: skip
    if baselines.labels_follow_text:
        return ()
    best = baselines.without_reading
    if baselines.follows_without_reading:
        return ((
            f"The audit of {inputs.dataset} found that names or position alone carry its relations: the ",
            "best score without reading the text is ", best, ", and a relation score shows no reading.",
        ),)  # fmt: skip
    found: list[Phrase] = [(
        f"The audit of {inputs.dataset} found that its relations do not follow the text: no training can ",
        "learn them, and a difference between versions says nothing about reading.",
    )]  # fmt: skip
    target = inputs.targets.relation_f1 if inputs.targets else None
    if target is not None and best.value is not None and target > best.value:
        found.append((
            "The target, relation F1 ", Number(target, Unit.SHARE), ", cannot be reached by training: the ",
            "best score without reading the text is ", best, ".",
        ))  # fmt: skip
    return tuple(found)
