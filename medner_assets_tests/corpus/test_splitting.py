import hashlib

import pytest

from medner_assets.corpus.splitting import assigned, sha1_tenth, subtracted
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import SplitRule
from medner_assets.schema import Document


def test_a_tenth_is_the_last_decimal_digit_of_the_sha1():
    for group in ("10030778", "é", ""):
        assert sha1_tenth(group) == int(str(int(hashlib.sha1(group.encode()).hexdigest(), 16))[-1])


def test_tenths_decide_by_the_group_and_by_the_id_where_there_is_none():
    documents = [Document(f"d{n}", "Text.", group=f"g{n % 7}") for n in range(60)] + [Document("g3", "Text.")]
    found = assigned(documents, SplitRule(kind="sha1-tenths", test=(0, 1, 2), dev=(3, 4)))
    for document in found:
        tenth = sha1_tenth(document.group or document.id)
        assert document.split == ("test" if tenth < 3 else "dev" if tenth < 5 else "train")
    assert len({(document.group, document.split) for document in found[:-1]}) == 7
    assert found[-1].split == found[3].split


def test_documents_keep_the_split_they_name_and_must_name_one():
    rule = SplitRule(kind="documents")
    document = Document("a", "Text.", split="dev")
    assert assigned([document], rule) == [document]
    with pytest.raises(MednerError, match="document 'b' names the split None"):
        assigned([document, Document("b", "Text.")], rule)
    with pytest.raises(MednerError, match="'validation'"):
        assigned([Document("b", "Text.", split="validation")], rule)


def test_files_decide_only_for_files():
    with pytest.raises(MednerError, match="train, dev or test"):
        assigned([Document("a", "Text.")], SplitRule(kind="files"))


def test_a_split_loses_the_documents_whose_id_is_in_the_subtracted_one():
    documents = [
        Document("a", "Text.", split="train"),
        Document("b", "Text.", split="train"),
        Document("b", "Text.", split="dev"),
        Document("c", "Text.", split="dev"),
    ]
    kept = subtracted(documents, {"train": ("dev", "test")})
    assert [(each.id, each.split) for each in kept] == [("a", "train"), ("b", "dev"), ("c", "dev")]
