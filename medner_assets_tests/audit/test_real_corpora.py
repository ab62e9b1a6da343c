"""The audit's figures on real corpora, as docs/audit.md states them."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from medner_assets.audit.audit import Audit, audit_dataset
from medner_assets.corpus.building import BuiltDataset, build_dataset
from medner_assets.recipes.loading import load_dataset
from medner_assets.schema import Document, Relation

pytestmark = pytest.mark.slow


def built(name: str, corpora: Path) -> BuiltDataset:
    return build_dataset(load_dataset(name), corpora)


def audited(name: str, corpora: Path) -> Audit:
    dataset = built(name, corpora)
    splits = ([d for d in dataset.documents if d.split == split] for split in ("train", "dev", "test"))
    return audit_dataset(*splits, symmetric_types=dataset.symmetric_types)


def test_ade_relations_are_nearly_free_given_the_entities(corpora: Path):
    found = audited("ade", corpora)
    assert found.verdict == "nearly-free-given-entities"
    assert found.probes["all_pairs"]["gold_entities"]["f1"] == pytest.approx(0.978, abs=0.005)


def test_bc5cdr_relations_follow_the_text(corpora: Path):
    found = audited("bc5cdr", corpora)
    assert found.verdict == "learnable"
    assert found.probes["within_document"]["auc"] == pytest.approx(0.777, abs=0.03)
    assert found.probes["all_pairs"]["gold_entities"]["f1"] == pytest.approx(0.330, abs=0.02)


def test_biored_relations_follow_the_text(corpora: Path):
    found = audited("biored", corpora)
    assert found.verdict == "learnable"
    # 0.866 in the first edition, whose reader was taught by three tenths of the documents and no more.
    assert found.probes["within_document"]["auc"] == pytest.approx(0.896, abs=0.03)
    # Inside documents the text adds too little to tell; between documents it certainly adds something.
    assert found.probes["between_documents"]["share_low"] >= 0.05
    assert found.probes["all_pairs"]["gold_entities"]["f1"] == pytest.approx(0.164, abs=0.02)


def redrawn(document: Document, rng: Random) -> Document:
    chemicals, diseases = (
        sorted({c for e in document.entities if e.type == kind for c in e.concepts})
        for kind in ("Chemical", "Disease")
    )
    pairs = [(head, tail) for head in chemicals for tail in diseases]
    drawn = rng.sample(pairs, min(len(pairs), len(document.relations)))
    return replace(
        document, relations=tuple(Relation("CID", head_concept=h, tail_concept=t) for h, t in drawn)
    )


def test_bc5cdr_with_its_relations_redrawn_at_random_follows_no_text(corpora: Path):
    rng = Random(1)
    redrawn_documents = [redrawn(document, rng) for document in built("bc5cdr", corpora).documents]
    splits = ([d for d in redrawn_documents if d.split == split] for split in ("train", "dev", "test"))
    found = audit_dataset(*splits)
    assert found.verdict == "labels-do-not-follow-text"
    assert 0.45 <= found.probes["within_document"]["auc"] <= 0.53
