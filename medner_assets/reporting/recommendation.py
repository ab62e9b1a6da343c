"""What is recommended and why, how far the targets are, and one line a version that can be quoted."""

from medner_assets.reporting.inputs import ReportInputs, VersionFacts
from medner_assets.reporting.numbers import Number, Phrase, Unit, difference
from medner_assets.reporting.sections.baselines import BaselinesSection
from medner_assets.reporting.sections.scores import TASKS, ScoresSection
from medner_assets.reporting.statements import NO_VERDICT, NOUNS, Statement

_NOUN = {"entity": "entity", "relation": "relation"}


def recommended(
    inputs: ReportInputs,
    baselines: BaselinesSection,
    adapters: tuple[Statement, ...],
    recipes: tuple[Statement, ...],
) -> Phrase:
    """Return what to do, and the reason, in one sentence; the first that applies."""
    version, baseline = inputs.version, inputs.baseline
    if not version.scored:
        return (f"Evaluate {version.name}: without scores there is nothing to decide.",)
    if not baselines.labels_follow_text:
        return (
            "Change the data first: its relations do not follow the text, so no version can be preferred.",
        )
    if baseline is None:
        return (f"Decide by the targets: {version.name} has no baseline to be held against.",)
    if not adapters:
        return (f"Evaluate {baseline.name}: without its scores {version.name} cannot be compared.",)
    if any(each.word == NO_VERDICT for each in adapters):
        return ("Decide nothing: add test documents first, 20 groups at least.",)
    by_task = {each.task: each for each in (recipes or adapters)}
    relation, entity = by_task.get("relation"), by_task.get("entity")
    if relation is None or entity is None:
        return (f"Evaluate both again: one of the two tasks of {version.name} is not compared.",)
    gains = relation.word in ("better", "scores higher")
    costs = inputs.margin is not None and (entity.low.value is None or entity.low.value <= -inputs.margin)
    margin = Number(inputs.margin, Unit.GAP)
    if recipes:
        if gains and not costs:
            return (f"Promote {version.name}: its recipe is better on relations, by at least ", relation.low,
                    ", and costs entities less than ", margin, ".")  # fmt: skip
        why: Phrase = (
            ("entities may cost ", entity.low, ", more than the ", margin, " that the dataset allows")
            if gains
            else ("its recipe is not shown to be better on relations",)
        )
        return (f"Keep {baseline.name}: ", *why, ".")
    if gains and not costs:
        return (
            f"{version.name} may serve: this adapter scores higher on relations, by at least ", relation.low,
            ". Of its recipe this says nothing: train both several times before you build on it.",
        )  # fmt: skip
    return (
        f"Keep {baseline.name}; train both several times (`replicates`) to learn whether the recipes differ.",
    )


def distances(inputs: ReportInputs, scores: ScoresSection) -> tuple[Phrase, ...]:
    """Return by how much the version exceeds each target or stays below it; empty without targets."""
    if inputs.targets is None:
        return ()
    asked = {"entity": inputs.targets.entity_f1, "relation": inputs.targets.relation_f1}
    found: list[Phrase] = []
    for task in TASKS:
        row = scores.headline(task, inputs.version.name)
        if row is None or row["f1"].value is None:
            continue
        target = Number(asked[task], Unit.SHARE)
        above = row["f1"].value >= asked[task]
        high, low = (row["f1"], target) if above else (target, row["f1"])
        gap = difference(high, low, Unit.GAP)
        inside = row["f1_low"].value < asked[task] <= row["f1_high"].value
        found.append((
            f"{NOUNS[task].capitalize()}: F1 ", row["f1"], " exceeds" if above else " is below",
            " the target of ", target, " by ", gap,
            "; the target lies within its interval." if inside else ".",
        ))  # fmt: skip
    return tuple(found)


def quoted(inputs: ReportInputs, scores: ScoresSection, version: VersionFacts) -> Phrase:
    """Return a version's scores with what they rest on, in one line."""
    parts: list[str | Number] = [f"{version.name}: "]
    for task in reversed(TASKS):
        row = scores.headline(task, version.name)
        if row is not None:
            parts += [
                f"{_NOUN[task]} F1 ", row["f1"], " (95 % ", row["f1_low"], " to ", row["f1_high"], "), "
            ]  # fmt: skip
            documents = row["documents"]
    spread = scores.spread.get((version.name, "relation"))
    trained: Phrase = (
        ("this adapter one of ", spread["trainings"], " trainings (SD ", spread["sd"].as_unit(Unit.GAP), ")")
        if spread is not None
        else ("one training",)
    )
    recipe = version.recipe_hash or "unknown"
    return (*parts, documents, f" test documents of {inputs.dataset}, recipe {recipe}, ", *trained, ".")
