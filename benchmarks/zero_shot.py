"""The embedded base asked for types that it never met, without any training: `rct_art`, kept out of what it
learned from (arms, outcomes and measures of trials, and which belongs to which).

    python benchmarks/zero_shot.py --corpora FOLDER
"""

import json
import lzma
import sys
from dataclasses import replace
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from arena import line_of

from medner_assets import paths
from medner_assets.corpus.jsonl import document_from_json
from medner_assets.recipes.loading import load_base_model
from medner_assets.schema import Document
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
    from medner_assets.scoring.external import scored_submission
    from medner_assets.scoring.submissions import read_submission

    with lzma.open(corpora / "extraction" / f"{ZERO_SHOT}.jsonl.xz", "rt", encoding="utf-8") as lines:
        documents = {d.id: d for d in (_in_words(document_from_json(json.loads(line))) for line in lines)}
    folder = paths.EMBEDDED_BASES / BASE
    tokenizer = load_tokenizer(folder)
    model = load_base(folder, load_base_model(BASE), pick_device("auto")).eval()
    relation_types = tuple(sorted({r.type for d in documents.values() for r in d.relations}))
    encoder = Encoder(tokenizer, "compact", tuple(sorted(NAMES.values())), relation_types)
    prompts = [(d.id, encoder.prompt(d.text)) for d in documents.values()]
    answers = [
        predict(
            each.doc_id, documents[each.doc_id].text, each.completion, is_cut=each.finish_reason == "length"
        )
        for batch in generate_batches(model, tokenizer, prompts, batch_size=32, max_new_tokens=256)
        for each in batch
    ]
    submission = read_submission((json.dumps(line_of(each)) for each in answers), ZERO_SHOT)
    told = scored_submission(list(documents.values()), submission).to_json()
    result = {
        "corpus": ZERO_SHOT, "documents": told["documents"], "signature": told["signature"],
        "entity": told["entity"]["text"], "relation": told["relation"]["strict"],
    }  # fmt: skip
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for task in ("entity", "relation"):
        found = result[task]
        print(f"{task} F1 {found['f1']:.3f} ({found['f1_low']:.3f} to {found['f1_high']:.3f})")


def _in_words(document: Document) -> Document:
    return replace(document, entities=tuple(replace(e, type=NAMES[e.type]) for e in document.entities))


if __name__ == "__main__":
    main()
