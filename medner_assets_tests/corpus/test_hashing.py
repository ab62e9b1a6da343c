from dataclasses import replace

from medner_assets.corpus.hashing import content_hash
from medner_assets.schema import Document, Entity

ONE = Document("a", "Heparin.", (Entity("T1", "Drug", 0, 7, "Heparin"),), split="train")
TWO = Document("b", "Warfarin.", split="test")


def test_equal_documents_hash_alike_in_16_hexadecimal_digits():
    assert content_hash([ONE, TWO], ["x", "y"]) == content_hash((ONE, replace(TWO)), ("y", "x", "x"))
    assert len(content_hash([], [])) == 16
    assert set(content_hash([ONE], [])) <= set("0123456789abcdef")


def test_whatever_training_or_scoring_sees_changes_the_hash():
    variants = [
        ([ONE, TWO], []),
        ([TWO, ONE], []),
        ([ONE], []),
        ([ONE, TWO], ["x"]),
        ([replace(ONE, text="Heparin!"), TWO], []),
        ([replace(ONE, split="dev"), TWO], []),
        ([replace(ONE, group="g"), TWO], []),
        ([replace(ONE, directed=False), TWO], []),
        ([replace(ONE, entities=()), TWO], []),
        ([replace(ONE, entities=(replace(ONE.entities[0], type="X"),)), TWO], []),
    ]
    assert len({content_hash(documents, symmetric) for documents, symmetric in variants}) == len(variants)


def test_a_document_that_is_its_own_group_hashes_as_one_without():
    assert content_hash([ONE], []) == content_hash([replace(ONE, group="a")], [])
