"""The finished base as a folder: weights, tokenizer, model card and the list of its sources."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tools.embedded_base.loop import Pretraining
from tools.embedded_base.prepare import ARTICLES, MANIFEST, TOKENIZER
from tools.embedded_base.tokenizer import BEGIN, END, PAD

if TYPE_CHECKING:
    from transformers import MistralForCausalLM

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

Articles are open-access reports of randomised trials under CC BY or CC0; `articles.tsv` names each with its
licence. BC5CDR (Li et al. 2016) is in the public domain; DrugProt (Miranda et al. 2021) is CC BY 4.0.
Abbreviations and quantities were labelled by rules in the articles. Annotated sentences were varied: names
swapped, types renamed.

The synthetic notes come from medner's own generator, with composed names that no dataset of medner has and
with half of its sentence patterns. So scores on `synthetic` and `synthetic-small` are scores on known ground,
with new names and some new wordings; they say less than scores on real text.

Left out: every dev and test document of ADE, BC5CDR and BioRED, whatever shares 13 words in a row with one of
them, and every text under another licence. The counts above say how many that were.

## What it must not be used for

It knows no medicine and writes plausible nonsense. Without fine-tuning and measurement on your own text it is
good for nothing; with them it is a demonstration and a baseline. It must not inform the care of a patient.

## How it was made

`python -m tools.embedded_base.pretrain` with

```json
{settings}
```
"""


def export(model: "MistralForCausalLM", prepared: Path, settings: Pretraining, folder: Path) -> None:
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
    counts = json.loads((prepared / MANIFEST).read_text())
    (folder / "README.md").write_text(
        _CARD.format(
            parameters=model.num_parameters(),
            counts="\n".join(f"- {name}: {count:,}" for name, count in counts.items()),
            settings=json.dumps(asdict(settings), indent=2),
        )
    )
    shutil.copyfile(prepared / ARTICLES, folder / ARTICLES)
