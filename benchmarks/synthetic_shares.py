"""Print how the synthetic notes speak: shares by device, relation type, sentence border, name.

docs/synthetic.md has its figures from here.

python benchmarks/synthetic_shares.py [DOCUMENTS]
"""

import json
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from statistics import mean, median

from medner_assets.corpus.sentences import sentence_spans
from medner_assets.corpus.synthetic.draws import stream
from medner_assets.corpus.synthetic.generator import generate, generate_documents, stated_drafts
from medner_assets.corpus.synthetic.names import FreshNames
from medner_assets.recipes.loading import load_dataset
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document

RESULTS = Path(__file__).parent / "results" / "synthetic_shares.json"
DATASETS = ("synthetic", "synthetic-small", "synthetic-random")
RATE_SAMPLE = 6000


def crosses(document: Document) -> list[bool]:
    """For each relation, whether no sentence holds both of its arguments."""
    mentions = {entity.id: entity for entity in document.entities}
    spans = sentence_spans(document.text)
    found = []
    for relation in document.relations:
        head, tail = mentions[str(relation.head)], mentions[str(relation.tail)]
        start, end = min(head.start, tail.start), max(head.end, tail.end)
        found.append(not any(first <= start and end <= last for first, last in spans))
    return found


def dataset_shares(name: str) -> dict[str, float]:
    """The figures of one shipped dataset."""
    source = load_dataset(name).source
    assert isinstance(source, SyntheticSource)
    documents = generate(source)
    train = {entity.text.lower() for d in documents if d.split == "train" for entity in d.entities}
    asked = [entity.text.lower() for d in documents if d.split == "test" for entity in d.entities]
    types = Counter(relation.type for d in documents for relation in d.relations)
    crossing = [each for d in documents for each in crosses(d)]
    return {
        "documents": len(documents),
        "words, median": median(len(d.text.split()) for d in documents),
        "mentions a document": mean(len(d.entities) for d in documents),
        "relations a document": mean(len(d.relations) for d in documents),
        "documents without relations": mean(not d.relations for d in documents),
        **{f"relations that are {kind}": types[kind] / types.total() for kind in sorted(types)},
        "relations across sentences": mean(crossing),
        "test mentions whose name train lacks": mean(name not in train for name in asked),
        "distinct names in train": len(train),
    }


def device_shares(count: int) -> dict[str, float]:
    """Of the relations of `count` notes, the share stated by each device; and how many notes hold each
    refusal.
    """
    relations: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for _, patterns in islice(stated_drafts(stream("shares"), FreshNames("benchmark")), count):
        for pattern in patterns:
            relations[pattern.device] += len(pattern.stated)
        notes.update({pattern.device for pattern in patterns if not pattern.stated})
    return {
        **{f"relations: {k}": v / relations.total() for k, v in sorted(relations.items()) if v},
        **{f"notes with: {k}": v / count for k, v in sorted(notes.items()) if k not in ("opening", "aside")},
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    result: dict[str, dict[str, float]] = {name: dataset_shares(name) for name in DATASETS}
    result["devices"] = device_shares(count)
    began = time.process_time()
    generate_documents("stated", 1, RATE_SAMPLE)
    result["rate"] = {"notes a second of processor time": RATE_SAMPLE / (time.process_time() - began)}
    for name, figures in result.items():
        print(f"\n{name}")
        for figure, value in figures.items():
            print(f"  {figure:45} {value:10.3f}" if value < 1 else f"  {figure:45} {value:10.1f}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
