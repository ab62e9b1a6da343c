"""A teacher's examples: a larger model, trained on the gold ones, labels sentences of the open-access texts.

Kept is only what the teacher is sure of: each token of its answer at least as likely as `LEAST`, every
mention a string of the sentence, no line cut or unreadable; and of the sentences without a mention one in
eight.
"""

import gzip
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.corpus.jsonl import document_to_json
from medner_assets.corpus.sentences import sentence_spans
from medner_assets.schema import Document, Entity, Relation
from tools.embedded_base.augment import Task

if TYPE_CHECKING:
    from medner_assets.modeling.inference.decoding import Written

SOURCE = "teacher"
LEAST = 0.5
_QUIET = 8
_BATCH = 512
_MOST_TOKENS = 256

# The types that people fine-tune for, as the gold examples name them: (entity types, relation types, weight).
_TASKS: tuple[tuple[tuple[str, ...], tuple[str, ...], int], ...] = (
    (("Chemical", "Disease"), ("CID",), 4),
    (("Drug", "Effect"), ("adverse_effect",), 4),
    (("Drug", "Condition"), ("treats", "adverse_effect"), 2),
    (("Chemical", "Gene"), ("INHIBITOR", "ACTIVATOR", "SUBSTRATE"), 1),
    (("Chemical", "Disease", "Gene", "Species", "Variant"), (), 2),
    (("Drug", "DrugClass"), (), 1),
)


def sentences(texts: Sequence[str], number: int, seed: int) -> list[str]:
    """Return at most `number` distinct sentences of 40 to 300 characters, drawn at random."""
    found = {
        text[start:end].strip()
        for text in texts
        for start, end in sentence_spans(text)
        if 40 <= end - start <= 300 and "\n" not in text[start:end].strip()
    }
    drawn = sorted(found)
    random.Random(seed).shuffle(drawn)
    return drawn[:number]


def label(
    folder: Path,
    asked: Sequence[str],
    out: Path,
    *,
    seconds: float,
    seed: int,
    say: Callable[[str], None],
) -> int:
    """Label sentences with the model in `folder` for at most `seconds`; write examples, return their number.

    out: gzipped JSON lines, as `prepare` writes them.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from medner_assets.modeling.fused.decoding import use_grouped_attention

    began, rng = time.monotonic(), random.Random(seed)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    model.to(device="cuda").eval()
    use_grouped_attention(model)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    kept = seen = quiet = 0
    with gzip.open(out, "wt", encoding="utf-8") as lines:
        for at in range(0, len(asked), _BATCH):
            if time.monotonic() - began > seconds:
                break
            tasks = [
                _task(f"{SOURCE}-{seed}-{at + i}", text, rng)
                for i, text in enumerate(asked[at : at + _BATCH])
            ]
            seen += len(tasks)
            for task in _sure(model, tokenizer, end, tasks):
                quiet += not task.document.entities
                if not task.document.entities and quiet % _QUIET:
                    continue
                kept += 1
                row = {
                    "source": SOURCE,
                    "entity_types": task.entity_types,
                    "relation_types": task.relation_types,
                    "document": document_to_json(task.document),
                }
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    say(f"kept {kept} of {seen} sentences after {time.monotonic() - began:.0f} s")
    return kept


def _task(identifier: str, text: str, rng: random.Random) -> Task:
    entities, relations, _ = rng.choices(_TASKS, [weight for _, _, weight in _TASKS])[0]
    return Task(Document(identifier, text), entities, relations)


def _sure(model: Any, tokenizer: Any, end: int, tasks: Sequence[Task]) -> Iterator[Task]:
    """Yield the tasks of which the teacher is sure, with what it says."""
    from medner_assets.modeling.inference.decoding import decode
    from medner_assets.prompting.templates import render_prompt

    prompts = [
        tokenizer.encode(
            render_prompt(t.document.text, "compact", t.entity_types, t.relation_types),
            add_special_tokens=False,
        )
        for t in tasks
    ]
    written = decode(model, prompts, max_new_tokens=_MOST_TOKENS, end=end, pad=end)
    for task, answer in zip(tasks, written, strict=True):
        if not is_sure(answer):
            continue
        document = read(task, tokenizer.decode(answer.tokens, clean_up_tokenization_spaces=False))
        if document is not None:
            yield Task(document, task.entity_types, task.relation_types)


def is_sure(answer: "Written") -> bool:
    """Return whether the model ended its answer and every token, the end too, was at least as likely as
    `LEAST`."""
    return answer.ended and min(answer.log_probabilities) >= log(LEAST)


def read(task: Task, completion: str) -> Document | None:
    """Return the sentence with what a completion says of it; None where it says anything that is not of the
    sentence, of a type that was not asked for, or twice."""
    from medner_assets.prompting.grounding import predict
    from medner_assets.schema import Grounding

    text = task.document.text
    said = predict(task.document.id, text, completion, is_cut=False)
    if said.rejected or any(
        e.grounding is not Grounding.EXACT or e.type not in task.entity_types for e in said.entities
    ):
        return None
    if len({(e.start, e.end) for e in said.entities}) < len(said.entities):
        return None
    entities = tuple(Entity(f"T{i}", e.type, e.start, e.end, e.text) for i, e in enumerate(said.entities))
    first: dict[str, str] = {}
    for entity in entities:
        first.setdefault(entity.text, entity.id)
    relations = tuple(
        Relation(r.type, first[r.head_text], first[r.tail_text])
        for r in said.relations
        if r.head_text in first and r.tail_text in first and r.type in task.relation_types
    )
    if len(set(relations)) < len(said.relations):
        return None
    return Document(task.document.id, text, entities, relations)
