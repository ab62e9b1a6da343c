"""What the verdict rests on: the ladder of trivial readers on test, the three questions on all splits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from medner_assets.audit.all_pairs import all_pairs
from medner_assets.audit.answers import decisive
from medner_assets.audit.conflicts import conflict_figures
from medner_assets.audit.described import described
from medner_assets.audit.dictionary import dictionary_figures, trained_dictionary
from medner_assets.audit.figures import END_TO_END, GOLD_ENTITIES, AuditFigure, Figures
from medner_assets.audit.ladder import learned_rungs
from medner_assets.audit.leakage import shared_relations
from medner_assets.audit.nodes import Nodes, found_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema, sampled
from medner_assets.audit.probes import UNREAD
from medner_assets.audit.questions import direction_probe, pairs_probes, type_probe
from medner_assets.audit.sampling import MOST_PAIRS, TEACHING_PAIRS
from medner_assets.audit.scores import group_numbers, resample_weights
from medner_assets.audit.verdict import Evidence
from medner_assets.audit.without_reading import best_by_position
from medner_assets.normalising import normalise


@dataclass(frozen=True, slots=True)
class Examined:
    """All figures about entities and pairs, and what the verdict rests on."""

    figures: list[AuditFigure]
    evidence: Evidence
    pairs: int
    """Candidate pairs of all splits that were looked at."""
    documents: int
    """Documents with these pairs."""


def examined(
    splits: Sequence[Sequence[Nodes]], symmetric: Collection[str], seed: int, *, end_to_end: bool = True
) -> Examined:
    """Look at train, dev and test (in this order).

    end_to_end: also with the entities that a dictionary finds, and what has no say in the verdict
    (dictionary, conflicts); the calibration leaves that out. Run it under `probes.one_thread`.
    """
    train, _, test = splits
    schema = learn_schema(train, symmetric)
    fitted = described(candidate_pairs(sampled(train, schema, TEACHING_PAIRS, seed), schema))
    tested = sampled(test, schema, MOST_PAIRS, seed)
    gold = described(candidate_pairs(tested, schema))
    tests = [(GOLD_ENTITIES, gold)]
    figures = []
    if end_to_end:
        learned, asked = ([each.document for each in split] for split in (train, test))
        dictionary = trained_dictionary(learned)
        found = [dictionary.find(document) for document in asked]
        weights = resample_weights(group_numbers(test), seed)
        figures += dictionary_figures(learned, asked, found, weights)
        nodes = [found_nodes(each.document, dictionary.find(each.document), each) for each in tested]
        tests.append(
            (END_TO_END, described(candidate_pairs(sampled(nodes, schema, MOST_PAIRS, seed), schema)))
        )
    rungs, by_position = learned_rungs(fitted, tests, seed)
    everything = _distinct([each for split in splits for each in split])
    every_schema = learn_schema(everything, symmetric)
    every = described(candidate_pairs(sampled(everything, every_schema, MOST_PAIRS, seed), every_schema))
    within, between = pairs_probes(every, seed)
    kind, direction = type_probe(every, seed), direction_probe(every, seed)
    figures += [
        *all_pairs(fitted.pairs, [(setting, each.pairs) for setting, each in tests], seed),
        *rungs,
        *best_by_position(gold.pairs, by_position, seed),
        *(figure for probe in (within, between, kind, direction) for figure in probe.figures()),
        *shared_relations(train, test),
    ]
    if end_to_end:
        figures += conflict_figures(every)
    find = Figures(figures)
    scored = [find.scored(name) for name in ("all_pairs", *UNREAD)]
    every_pair = find.scored("all_pairs")
    evidence = Evidence(
        documents=len(set(group_numbers(everything).tolist())),
        test_documents=len(set(group_numbers(_distinct(test)).tolist())),
        all_pairs_low=(every_pair.low if every_pair else None) or 0.0,
        unread_f1=max((each.value or 0.0 for each in scored if each), default=0.0),
        pairs=decisive(within, between),
        type=kind,
        direction=direction,
    )
    return Examined(figures, evidence, len(every.pairs.rows), len(every.pairs.documents))


def _distinct(documents: Sequence[Nodes]) -> list[Nodes]:
    """Keep the first of the documents with the same text: the others are no independent evidence."""
    return list({normalise(each.document.text): each for each in reversed(documents)}.values())[::-1]
