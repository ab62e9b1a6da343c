"""Calibrate the within-document permutation test: how often it is wrong on generated datasets. Writes JSON.

python benchmarks/audit_calibration.py [DATASETS] 200 of each kind unless told otherwise

Two kinds of datasets of 800 documents: relations drawn at random (a verdict `learnable` is wrong), and
stated notes of whose relations every other one is replaced by a random fitting pair
(`labels-do-not-follow-text` is wrong).
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import learn_schema
from medner_assets.audit.probes import one_thread
from medner_assets.audit.verdict import Evidence, verdict_of
from medner_assets.audit.within_document import WithinDocument, within_document
from medner_assets.corpus.synthetic.generator import SYMMETRIC_TYPES, generate_documents
from medner_assets.schema import Document, Relation

RESULTS = Path(__file__).parent / "results" / "audit_calibration.json"
DATASETS, DOCUMENTS = 200, 800
ALLOWED = 0.05


def half_grounded(document: Document, rng: Random, fitting: dict[tuple[str, str], str]) -> Document:
    """Replace each relation, with a chance of one half, by a pair of fitting types drawn at random."""
    pairs = [
        Relation(fitting[one.type, two.type], one.id, two.id)
        for one, two in permutations(document.entities, 2)
        if (one.type, two.type) in fitting
    ]
    relations = [each if rng.random() < 0.5 else rng.choice(pairs) for each in document.relations]
    return replace(document, relations=tuple(dict.fromkeys(relations)))


def fitting_types(documents: Sequence[Document]) -> dict[tuple[str, str], str]:
    """The most frequent relation type of each ordered pair of entity types."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for document in documents:
        types = {entity.id: entity.type for entity in document.entities}
        for relation in document.relations:
            ends = (types[str(relation.head)], types[str(relation.tail)])
            counted.setdefault(ends, Counter())[relation.type] += 1
    return {ends: each.most_common(1)[0][0] for ends, each in counted.items()}


def tested(documents: Sequence[Document], seed: int) -> tuple[str, WithinDocument]:
    """Return the verdict by the permutation test alone, and its figures."""
    nodes = [gold_nodes(document, SYMMETRIC_TYPES) for document in documents]
    with one_thread():
        found = within_document(nodes, learn_schema(nodes, SYMMETRIC_TYPES), seed)
    return verdict_of(Evidence(0.0, found.auc, found.low, found.high, found.strata)).value, found


def main() -> None:
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else DATASETS
    began = time.monotonic()
    result = {}
    for kind, wrong in (("random", "learnable"), ("half grounded", "labels-do-not-follow-text")):
        verdicts: Counter[str] = Counter()
        areas = []
        for number in range(datasets):
            process = "random" if kind == "random" else "stated"
            documents = generate_documents(process, 10_000 + number, DOCUMENTS, pool="benchmark")
            if kind != "random":
                rng, fitting = Random(number), fitting_types(documents)
                documents = [half_grounded(document, rng, fitting) for document in documents]
            verdict, found = tested(documents, number)
            verdicts[verdict] += 1
            areas.append(found.auc or 0.0)
        share = verdicts[wrong] / datasets
        areas.sort()
        result[kind] = {
            "datasets": datasets, "documents": DOCUMENTS, "verdicts": dict(sorted(verdicts.items())),
            "wrong verdict": wrong, "share wrong": share, "allowed": ALLOWED,
            "auc, 2.5 %, median, 97.5 %": [areas[int(at * (datasets - 1))] for at in (0.025, 0.5, 0.975)],
        }  # fmt: skip
        print(
            f"{kind:15} {datasets}: {wrong} in {share:.1%} (at most {ALLOWED:.0%}); {dict(verdicts)}",
            flush=True,
        )
    result["seconds"] = round(time.monotonic() - began, 1)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(any(result[kind]["share wrong"] > ALLOWED for kind in ("random", "half grounded")))


if __name__ == "__main__":
    main()
