"""Original files of other projects import with the counts that their lines give; skipped without them."""

import json
import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from medner_assets.corpus.importing import import_files
from medner_assets.paths import PROJECT

RAW = PROJECT.parent / "shared" / "corpora" / "raw"


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    if not RAW.is_dir():
        pytest.skip("needs ../shared/corpora/raw")
    folder = tmp_path_factory.mktemp("raw")

    def unpacked(name: str) -> Path:
        with tarfile.open(RAW / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        return folder / name

    return unpacked


def lines_of(folder: Path, suffix: str) -> list[tuple[Path, str]]:
    return [
        (file, line)
        for file in sorted(folder.rglob(f"*{suffix}"))
        for line in file.read_text(encoding="utf-8-sig").split("\n")
    ]


def told(imported) -> Counter:
    return Counter({kind.value: count for kind, count in imported.told.kinds.items() if kind.loses})


@pytest.mark.parametrize("name", ["lct_brat", "spl_brat"])
def test_every_mention_relation_and_attribute_of_brat_is_there_or_told(raw, name):
    folder = raw(name)
    imported = import_files("brat", [folder])
    lines = [line for _, line in lines_of(folder, ".ann")]
    mentions = sum(line.startswith("T") for line in lines)
    relations = sum(line.startswith("R") for line in lines)
    roles = sum(len(line.split("\t")[1].split()) - 1 for line in lines if line.startswith("E"))
    said = {(n, *line.split("\t")[1].split()[:2]) for n, line in lines_of(folder, ".ann") if line[:1] == "A"}
    lost = told(imported)
    texts = {file.with_suffix("") for file in folder.rglob("*.txt")}
    assert imported.told.documents == len({f.with_suffix("") for f in folder.rglob("*.ann")} & texts)
    assert imported.told.entities.total() == mentions - lost["offset-mismatch"] - lost["duplicate-id"]
    unknown = lost["unknown-argument"] + lost["duplicate-annotation"]
    assert imported.told.relations.total() == relations + roles - unknown
    kept = sum(len(each.attributes) for document in imported.documents for each in document.entities)
    assert kept <= len(said)
    assert kept >= len(said) - lost["unknown-argument"]
    assert lost["offset-mismatch"] <= mentions // 100


def test_mentions_of_a1_and_relations_of_a2_are_one_document(raw):
    folder = raw("cancermine_a1a2")
    imported = import_files("brat", [folder])
    assert imported.told.documents == len(list(folder.rglob("*.a1")))
    mentions = sum(line.startswith("T") for _, line in lines_of(folder, ".a1"))
    assert imported.told.entities.total() == mentions - told(imported)["offset-mismatch"]
    relations = sum(
        max(1, len(line.split("\t")[1].split()) - 2)
        if line[0] == "R"
        else len(line.split("\t")[1].split()) - 1
        for _, line in lines_of(folder, ".a2")
        if line[:1] in ("R", "E")
    )
    assert (
        imported.told.relations.total()
        == relations - told(imported)["unknown-argument"] - told(imported)["duplicate-annotation"]
    )


def test_bioc_with_empty_ids_and_relations_of_passages_keeps_all_mentions(raw):
    folder = raw("pgxmine_bioc")
    imported = import_files("bioc-xml", [folder])
    content = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.xml"))
    same = told(imported)["duplicate-id"]
    assert imported.told.documents + same == content.count("<document>") + content.count("<document ")
    assert imported.told.entities.total() + lost_with(imported) == content.count("<annotation ")
    assert imported.told.relations.total() > 0.9 * content.count("<relation ")


def lost_with(imported) -> int:
    """Mentions of documents that were left out whole."""
    return told(imported)["offset-mismatch"] + told(imported)["duplicate-annotation"]


def test_blocks_of_pubtator_under_one_id_are_documents_of_their_own(raw):
    folder = raw("aioner_pubtator")
    imported = import_files("pubtator", sorted(folder.glob("*.PubTator")))
    blocks, rows = set(), Counter()
    for file in sorted(folder.glob("*.PubTator")):
        texts: tuple[str, ...] = ()
        found: list[tuple[tuple[str, ...], set[str]]] = []
        for line in file.read_text(encoding="utf-8-sig").split("\n"):
            if re.match(r"[^|\t]+\|t\|", line):
                found.append(((line,), set()))
            elif re.match(r"[^|\t]+\|a\|", line):
                found[-1] = ((*found[-1][0], line), found[-1][1])
            elif line.count("\t") >= 4:
                found[-1][1].add(line)
        for texts, mentions in found:
            if texts not in blocks:
                blocks.add(texts)
                rows[texts] += len(mentions)
    lost = told(imported)
    assert imported.told.documents == len(blocks)
    wrong = lost["offset-mismatch"] + lost["malformed"] + lost["duplicate-annotation"]
    assert abs(rows.total() - imported.told.entities.total() - wrong) <= wrong


def test_accepted_tasks_of_prodigy_have_their_spans_and_relations(raw):
    folder = raw("prodigy_rct_art")
    files = sorted(folder.glob("*.jsonl"))
    imported = import_files("prodigy", files)
    texts, spans, relations = set(), 0, 0
    for file in files:
        for line in file.read_text(encoding="utf-8").split("\n"):
            task = json.loads(line) if line.strip() else {}
            key = (task.get("_input_hash"), task.get("text"))
            if task.get("answer", "accept") == "accept" and task.get("text") and key not in texts:
                texts.add(key)
                spans += len(task.get("spans") or [])
                relations += len(task.get("relations") or [])
    lost = told(imported)
    assert imported.told.documents == len(texts)
    assert imported.told.entities.total() == spans - lost["offset-mismatch"] - lost["malformed"]
    unknown = lost["unknown-argument"] + lost["duplicate-annotation"]
    assert imported.told.relations.total() == relations - unknown
