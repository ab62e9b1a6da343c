"""Examples → packed rows of tokens. Several samples share a row; segment numbers keep them from seeing each
other."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.prompting.templates import render_completion, render_prompt
from tools.embedded_base.augment import Task, name_pools, vary
from tools.embedded_base.sources import Example
from tools.embedded_base.tokenizer import BEGIN, END


@dataclass(frozen=True, slots=True)
class Frame:
    """A tokenizer's file, and the tokens around a sample: before its prompt (None: nothing), behind its
    completion."""

    file: Path
    begin: str | None = BEGIN
    end: str = END


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed samples, one row a line: `tokens`, `segments` and `learned` are (rows, length).

    segments: 0 is padding, samples of a row count from 1. learned: 1 where a token is part of a completion.
    """

    tokens: np.ndarray
    segments: np.ndarray
    learned: np.ndarray


def read_examples(file: Path) -> list[Example]:
    """Return the prepared examples."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_example(json.loads(line)) for line in lines]


def _example(row: dict[str, Any]) -> Example:
    return Example(
        row["source"],
        document_from_json(row["document"]),
        tuple(row["entity_types"]),
        tuple(row["relation_types"]),
    )


def build_rows(
    examples: Sequence[Example],
    shares: dict[str, float],
    frame: Frame,
    *,
    length: int,
    seed: int,
    workers: int,
) -> Rows:
    """Return rows of `length` tokens with variants of `examples`.

    shares: source → how many variants of each of its examples on average, e.g. 10 or 0.5. Samples longer
    than a row are left out. Deterministic for one seed and one number of workers.
    """
    jobs = [(list(examples[i::workers]), shares, frame, length, seed * 1000 + i) for i in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        samples = [sample for part in pool.map(_samples_of, jobs) for sample in part]
    random.Random(seed).shuffle(samples)
    return pack(samples, length)


def pack(samples: Sequence[tuple[list[int], list[int]]], length: int) -> Rows:
    """Return rows that hold (prompt, completion) samples, first fit over a window of open rows."""
    bins: list[list[tuple[list[int], list[int]]]] = []
    open_rows: list[tuple[int, int]] = []  # (free tokens, index of the row)
    for prompt, completion in samples:
        size = len(prompt) + len(completion)
        for k, (free, index) in enumerate(open_rows):
            if free >= size:
                bins[index].append((prompt, completion))
                open_rows[k] = (free - size, index)
                break
        else:
            bins.append([(prompt, completion)])
            open_rows.append((length - size, len(bins) - 1))
            if len(open_rows) > 32:
                open_rows.remove(min(open_rows))
    tokens = np.zeros((len(bins), length), dtype=np.int32)
    segments = np.zeros((len(bins), length), dtype=np.uint8)
    learned = np.zeros((len(bins), length), dtype=np.uint8)
    for i, row in enumerate(bins):
        at = 0
        for number, (prompt, completion) in enumerate(row, start=1):
            end = at + len(prompt) + len(completion)
            tokens[i, at:end] = prompt + completion
            segments[i, at:end] = number
            learned[i, at + len(prompt) : end] = 1
            at = end
    return Rows(tokens, segments, learned)


def _samples_of(
    job: tuple[list[Example], dict[str, float], Frame, int, int],
) -> list[tuple[list[int], list[int]]]:
    from tokenizers import Tokenizer

    examples, shares, frame, length, seed = job
    rng = random.Random(seed)
    tokenizer = Tokenizer.from_file(str(frame.file))
    vocabulary = tokenizer.get_vocab()
    begin = [vocabulary[frame.begin]] if frame.begin is not None else []
    end = vocabulary[frame.end]
    tasks = list(_tasks(examples, shares, rng))
    prompts = tokenizer.encode_batch(
        [render_prompt(t.document.text, "compact", t.entity_types, t.relation_types) for t in tasks]
    )
    completions = tokenizer.encode_batch([render_completion(t.document) for t in tasks])
    samples = [([*begin, *p.ids], [*c.ids, end]) for p, c in zip(prompts, completions, strict=True)]
    return [(p, c) for p, c in samples if len(p) + len(c) <= length]


def _tasks(examples: Sequence[Example], shares: dict[str, float], rng: random.Random) -> Iterator[Task]:
    pools = name_pools((example.document for example in examples), rng)
    for example in examples:
        share = shares.get(example.source, 1.0)
        times = int(share) + (rng.random() < share - int(share))
        for _ in range(times):
            yield vary(example.document, example.entity_types, example.relation_types, pools, rng)
