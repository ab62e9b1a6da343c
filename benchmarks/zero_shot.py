"""The embedded base asked for types that it never met, without any training: `rct_art`, kept out of what it
learned from (arms, outcomes and measures of trials, and which belongs to which).

    python benchmarks/zero_shot.py --corpora FOLDER
"""

import json
import lzma
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets import paths
from medner_assets.corpus.jsonl import document_from_json
from medner_assets.recipes.loading import load_base_model
from tools.embedded_base.extraction import ZERO_SHOT

RESULTS = Path(__file__).parent / "results" / "zero_shot.json"
BASE = "medner-tiny"
NAMES = {"INTV": "Intervention", "OC": "Outcome", "MEAS": "Measure"}
"""The corpus's types in words; relations keep their names."""


@click.command()
@click.option("--corpora", type=click.Path(path_type=Path, exists=True), required=True)
def main(corpora: Path) -> None:
    """Print entity and relation F1 over all documents of the corpus and write results/zero_shot.json."""
    from medner_assets.modeling.inference.decoding import generate_batches
    from medner_assets.modeling.loading import load_base, load_tokenizer, pick_device
    from medner_assets.modeling.samples import Encoder
    from medner_assets.prompting.grounding import predict

    with lzma.open(corpora / "extraction" / f"{ZERO_SHOT}.jsonl.xz", "rt", encoding="utf-8") as lines:
        documents = [document_from_json(json.loads(line)) for line in lines]
    entity_types = tuple(sorted(NAMES.values()))
    relation_types = tuple(sorted({r.type for d in documents for r in d.relations}))
    folder = paths.EMBEDDED_BASES / BASE
    tokenizer = load_tokenizer(folder)
    model = load_base(folder, load_base_model(BASE), pick_device("auto")).eval()
    encoder = Encoder(tokenizer, "compact", entity_types, relation_types)
    prompts = [(d.id, encoder.prompt(d.text)) for d in documents]
    batches = generate_batches(model, tokenizer, prompts, batch_size=32, max_new_tokens=256)
    written = {each.doc_id: each for batch in batches for each in batch}
    right = said = wanted = right_relations = said_relations = wanted_relations = 0
    for document in documents:
        answer = written[document.id]
        found = predict(
            document.id, document.text, answer.completion, is_cut=answer.finish_reason == "length"
        )
        text = {e.id: e.text for e in document.entities}
        gold = {(NAMES[e.type], e.text) for e in document.entities}
        predicted = {(e.type, e.text) for e in found.entities}
        gold_relations = {(r.type, text[r.head or ""], text[r.tail or ""]) for r in document.relations}
        predicted_relations = {(r.type, r.head_text, r.tail_text) for r in found.relations}
        right += len(gold & predicted)
        said, wanted = said + len(predicted), wanted + len(gold)
        right_relations += len(gold_relations & predicted_relations)
        said_relations += len(predicted_relations)
        wanted_relations += len(gold_relations)
    result = {
        "corpus": ZERO_SHOT,
        "documents": len(documents),
        "entity": _figures(right, said, wanted),
        "relation": _figures(right_relations, said_relations, wanted_relations),
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def _figures(right: int, said: int, wanted: int) -> dict[str, float]:
    return {
        "precision": right / max(said, 1),
        "recall": right / max(wanted, 1),
        "f1": 2 * right / max(said + wanted, 1),
    }


if __name__ == "__main__":
    main()
