"""Corpora → a folder of tokens and examples that pretraining reads: all that needs the corpora, none of the
GPU."""

import gzip
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from medner_assets.corpus.jsonl import document_to_json
from medner_assets.prompting.templates import render_completion
from tools.embedded_base.sources import SILVER, Example, Material, gather
from tools.embedded_base.tokenizer import END, train_tokenizer

TOKENIZER, TEXT, EXAMPLES, MANIFEST, ARTICLES = (
    "tokenizer.json", "text.npy", "examples.jsonl.gz", "manifest.json", "articles.tsv",
)  # fmt: skip
_QUIET_EXAMPLES = 4
"""Of the windows without any mention one in four is kept: enough to learn to abstain."""


def prepare(corpora: Path, folder: Path) -> dict[str, int]:
    """Write tokenizer, tokens of the articles, examples and manifest into `folder`; return the counts."""
    folder.mkdir(parents=True, exist_ok=True)
    material = gather(corpora)
    examples = _thinned(material.examples)
    tokenizer = train_tokenizer(_tokenizer_texts(material, examples))
    tokenizer.save(str(folder / TOKENIZER))
    end = tokenizer.token_to_id(END)
    tokens: list[np.ndarray] = []
    for batch in range(0, len(material.articles), 64):
        texts = [text for _, _, text in material.articles[batch : batch + 64]]
        for encoding in tokenizer.encode_batch(texts):
            tokens.append(np.asarray([*encoding.ids, end], dtype=np.uint16))
    text = np.concatenate(tokens)
    np.save(folder / TEXT, text)
    with gzip.open(folder / EXAMPLES, "wt", encoding="utf-8", compresslevel=6) as out:
        for example in examples:
            row = {
                "source": example.source,
                "entity_types": example.entity_types,
                "relation_types": example.relation_types,
                "document": document_to_json(example.document),
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    counts = {**material.counts, "article tokens": int(text.size), "examples": len(examples)}
    (folder / MANIFEST).write_text(json.dumps(counts, indent=2) + "\n")
    (folder / ARTICLES).write_text("".join(f"{i}\t{licence}\n" for i, licence, _ in material.articles))
    return counts


def _thinned(examples: list[Example]) -> list[Example]:
    kept: list[Example] = []
    quiet: defaultdict[str, int] = defaultdict(int)
    for example in examples:
        if not example.document.entities:
            quiet[example.source] += 1
            if quiet[example.source] % _QUIET_EXAMPLES:
                continue
        kept.append(example)
    return kept


def _tokenizer_texts(material: Material, examples: list[Example]) -> list[str]:
    """Return what the vocabulary is learned from; annotated text counts more, for the names in it."""
    texts = [text for _, _, text in material.articles]
    gold = [e.document for e in examples if e.source not in SILVER]
    return [*texts, *(d.text for d in gold), *(render_completion(d) for d in gold)]
