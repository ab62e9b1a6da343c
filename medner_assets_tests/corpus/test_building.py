import pytest

from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.hashing import content_hash
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import DatasetRecipe
from medner_assets.schema import Document


def pubtator(*ids: str) -> str:
    return "".join(
        f"{key}|t|Heparin {key}\n{key}|a|\n{key}\t0\t7\tHeparin\tDrug\tD1\n{key}\tr\tD1\tD1\n\n"
        for key in ids
    )


def recipe(**changes) -> DatasetRecipe:
    source = {"kind": "files", "format": "pubtator", "files": {"train": ["a"], "dev": ["b"], "test": ["c"]}}
    source |= changes.pop("source", {})
    return DatasetRecipe.model_validate({"summary": "s", "source": source, "licence": "l"} | changes)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a").write_text(pubtator("1", "2", "3"))
    (tmp_path / "b").write_text(pubtator("3"))
    (tmp_path / "c").write_text(pubtator("4"))
    return tmp_path


def splits(documents) -> list[tuple[str, str | None]]:
    return [(document.id, document.split) for document in documents]


def test_files_decide_the_split_and_subtracted_documents_leave_it(files):
    built = build_dataset(recipe(source={"subtract": {"train": ["dev"]}}), files)
    assert splits(built.documents) == [("1", "train"), ("2", "train"), ("3", "dev"), ("4", "test")]
    assert built.problems == ()


def test_a_document_in_two_splits_is_refused(files):
    with pytest.raises(MednerError, match="the first '3' in train and dev: name one split under `subtract`"):
        build_dataset(recipe(), files)


def test_types_are_mapped_and_those_not_named_kept(files):
    built = build_dataset(
        recipe(
            source={"subtract": {"train": ["dev"]}},
            entity_types={"Drug": "Chemical", "X": "Y"},
            relation_types={"r": "relates"},
            symmetric_relations=["relates"],
        ),
        files,
    )
    assert {entity.type for document in built.documents for entity in document.entities} == {"Chemical"}
    assert {relation.type for document in built.documents for relation in document.relations} == {"relates"}
    assert built.symmetric_types == ("relates",)


def test_relations_that_mapping_makes_equal_are_one(files):
    (files / "a").write_text(pubtator("1").replace("1\tr\tD1\tD1\n", "1\tr\tD1\tD1\n1\ts\tD1\tD1\n"))
    built = build_dataset(recipe(relation_types={"s": "r"}), files)
    assert len(built.documents[0].relations) == 1


def test_a_hash_of_the_group_decides_where_the_rule_says_so(files):
    (files / "all").write_text(pubtator(*[str(n) for n in range(60)]))
    rule = {"kind": "sha1-tenths", "test": [0], "dev": [1]}
    built = build_dataset(recipe(source={"files": {"all": ["all"]}}, split=rule), files)
    found = [document.split for document in built.documents]
    assert set(found) == {"train", "dev", "test"}
    assert found == sorted(found, key=["train", "dev", "test"].index)


def test_problems_name_their_file_below_the_corpora_folder(files):
    (files / "deep").mkdir()
    (files / "deep" / "a").write_text(pubtator("1") + "junk\n")
    built = build_dataset(recipe(source={"files": {"train": ["deep/a"]}}), files)
    assert [(each.file, each.line) for each in built.problems] == [("deep/a", 6)]


def test_a_file_that_was_cut_in_half_gives_no_dataset(files):
    whole = pubtator("1", "2", "3")
    (files / "a").write_text(whole[: len(whole) // 2])
    with pytest.raises(MednerError, match=r"^a:\d+: cut short \(.*\): get the complete file$"):
        build_dataset(recipe(), files)


def test_an_absolute_path_needs_no_corpora_folder(files, tmp_path):
    built = build_dataset(recipe(source={"files": {"train": [str(files / "a")]}}), tmp_path / "missing")
    assert len(built.documents) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": {"files": {"all": ["a"]}}}, "needs files under train, dev and test"),
        ({"split": {"kind": "sha1-tenths"}}, "needs files under 'all'"),
        (
            {"source": {"files": {"all": ["a"], "train": ["b"]}}, "split": {"kind": "documents"}},
            "needs files under 'all'",
        ),
        ({"source": {"files": {}}}, "no document"),
        ({"source": {"files": {"all": ["a"]}}, "split": {"kind": "documents"}}, "names the split None"),
        ({"source": {"subtract": {"dev": ["train"], "train": []}}}, "split 'dev' has no document"),
        ({"source": {"files": {"train": ["missing"]}}}, "there is no such file"),
    ],
)
def test_a_recipe_that_gives_no_sound_dataset_is_one_line(files, changes, said):
    with pytest.raises(MednerError, match=said) as raised:
        build_dataset(recipe(**changes), files)
    assert "\n" not in str(raised.value)


def test_a_missing_corpora_folder_names_the_variable(tmp_path):
    with pytest.raises(MednerError, match="set MEDNER_CORPORA"):
        build_dataset(recipe(), tmp_path / "missing")


def synthetic(**documents: int) -> DatasetRecipe:
    source = {"kind": "synthetic", "seed": 7, "documents": documents}
    return DatasetRecipe.model_validate(
        {"summary": "s", "source": source, "split": {"kind": "documents"}, "licence": "l"}
    )


def test_a_synthetic_dataset_needs_no_files_and_is_the_same_each_time(tmp_path):
    first = build_dataset(synthetic(train=6, dev=2, test=3), tmp_path / "missing")
    second = build_dataset(synthetic(train=6, dev=2, test=3), tmp_path / "missing")
    assert [document.split for document in first.documents] == ["train"] * 6 + ["dev"] * 2 + ["test"] * 3
    assert content_hash(first.documents, ()) == content_hash(second.documents, ())


def test_building_never_changes_a_text(files):
    built = build_dataset(recipe(source={"subtract": {"train": ["dev"]}}), files)
    assert all(isinstance(each, Document) and each.text.startswith("Heparin ") for each in built.documents)
