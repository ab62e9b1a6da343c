"""The finished base as a folder: weights, tokenizer, model card and the list of its sources."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tools.embedded_base.extraction import CORPORA
from tools.embedded_base.loop import Pretraining
from tools.embedded_base.prepare import ARTICLES, MANIFEST, TOKENIZER
from tools.embedded_base.tokenizer import BEGIN, END, PAD

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_CARD = """\
---
license: cc-by-4.0
language: en
library_name: transformers
pipeline_tag: text-generation
tags: [medical, named-entity-recognition, relation-extraction]
---
# medner-tiny

The embedded base of medner: a Mistral-architecture language model of {parameters:,} parameters, trained from
scratch to read medical text and to list its entities and relations. It is a starting point for LoRA
fine-tuning on a CPU.

## What it scores

<!-- figures -->
Not measured yet: `make bench-base` of medner measures it and writes the figures here.
<!-- /figures -->

What was tried: `docs/experiments.md` of medner.

## What it saw

{counts}

Running text is open-access reports of randomised trials (CC BY or CC0), visit notes and dialogues of
ACI-Bench and MTS-Dialog, and questions and answers of MedQuAD (all CC BY 4.0); `articles.tsv` names each text
with its licence. The licence of a corpus is that of its annotations, as its source states it: the MTL corpora
(Crichton et al. 2017: BC2GM, BioNLP, CRAFT, JNLPBA, Linnaeus, Ex-PTM) CC BY 4.0, GENIA's annotations CC BY
3.0. Its texts are mostly abstracts of MEDLINE, which carry no licence of their own. Abbreviations and
quantities were labelled by rules in the running text. Annotated sentences were varied: names swapped, types
renamed, some of the types asked for.

The synthetic notes come from medner's own generator, with composed names that no dataset of medner has and
with half of its sentence patterns. So scores on `synthetic` and `synthetic-small` are scores on known ground,
with new names and some new wordings; they say less than scores on real text.

Left out: every dev and test document of ADE, BC5CDR and BioRED, all of ADE, the test documents of
NeuroTrialNER and of the drug-combination corpus, whatever shares 13 words in a row with a dev or test text,
and every text under another licence. BC5CDR's training part is learned from, so that its types are known
ground too. One sentence of ADE's training part stands in BC2GM, and the shipped weights have seen it there,
with its genes; the tool leaves it out since.

## What it must not be used for

It knows no medicine and writes plausible nonsense. Without fine-tuning and measurement on your own text it is
good for nothing; with them it is a demonstration and a baseline. It must not inform the care of a patient.

## How it was made

`python -m tools.embedded_base.pretrain` with

```json
{settings}
```
"""


def export(model: "PreTrainedModel", prepared: Path, settings: Pretraining, folder: Path) -> None:
    """Write the base into `folder`, weights in bfloat16 as safetensors; `from_pretrained` loads it as it
    is."""
    import torch
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    model.to(dtype=torch.bfloat16)  # type: ignore[call-arg] # wrapped without self in transformers 5.17
    model.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(prepared / TOKENIZER),
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        model_max_length=settings.context,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.save_pretrained(folder)
    write_card(folder, model.num_parameters(), prepared, settings)
    shutil.copyfile(prepared / ARTICLES, folder / ARTICLES)


def write_card(folder: Path, parameters: int, prepared: Path, settings: Pretraining) -> None:
    """Write the model card: what the base saw, from the manifest of `prepare`, and its settings."""
    counts: dict[str, int] = json.loads((prepared / MANIFEST).read_text())
    card = _CARD.format(
        parameters=parameters,
        counts="\n".join(_seen(counts, dict(settings.variants))),
        settings=json.dumps(asdict(settings), indent=2),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def _seen(counts: dict[str, int], variants: dict[str, float]) -> list[str]:
    """Return a table, one row a source, and behind it what was left out."""
    licences = {name: corpus.licence for corpus in CORPORA for name in corpus.sources}
    licences |= {"BC5CDR train": "public domain", "DrugProt train": "CC BY 4.0"}
    lines = [
        f"{counts['articles']:,} running texts of {counts['article tokens']:,} tokens, and examples:",
        "",
        "| source | licence | documents | windows | variants of each |",
        "|---|---|---|---|---|",
    ]
    for source, times in variants.items():
        documents = counts.get(f"{source} documents")
        shown = f"{documents:,}" if documents is not None else "–"
        windows = counts.get(f"{source} windows", 0)
        lines.append(f"| {source} | {licences.get(source, '–')} | {shown} | {windows:,} | {times:g} |")
    out = {name: count for name, count in counts.items() if "left out" in name and count}
    return [*lines, "", *(f"- {name}: {count:,}" for name, count in out.items())]
