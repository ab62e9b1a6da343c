from hypothesis import given
from hypothesis import strategies as st

from medner_assets.corpus.building import BuiltDataset
from medner_assets.corpus.frames import dataset_frames, documents_from_frames
from medner_assets.corpus.hashing import content_hash
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets.tables import TABLES
from medner_assets_tests.support.strategies import corpora_of_documents


@given(corpora_of_documents, st.lists(st.text("ab"), max_size=2))
def test_documents_come_back_from_their_frames(documents: list[Document], symmetric: list[str]):
    frames = dataset_frames(BuiltDataset(tuple(documents), (), tuple(symmetric)))
    assert {name: dict(frame.schema) for name, frame in frames.items()} == {
        name: TABLES[name].schema for name in frames
    }
    back = documents_from_frames(frames["documents"], frames["gold_entities"], frames["gold_relations"])
    assert back == documents
    assert set(frames["documents"]["dataset_version"]) <= {content_hash(documents, symmetric)}


def test_rows_come_back_whatever_their_order_within_the_tables():
    documents = [
        Document(
            "b",
            "Heparin",
            (Entity("T1", "X", 0, 7, "Heparin"),),
            (Relation("r", "T1", "T1"), Relation("q", "T1", "T1")),
        ),
        Document("a", "Rash", (Entity("T1", "Y", 0, 4, "Rash"),)),
    ]
    frames = dataset_frames(BuiltDataset(tuple(documents), (), ()))
    back = documents_from_frames(
        frames["documents"], frames["gold_entities"], frames["gold_relations"].reverse()
    )
    assert back == documents


def test_a_relation_row_says_what_its_arguments_are():
    document = Document(
        "a", "Rash by Heparin",
        (Entity("T1", "Drug", 8, 15, "Heparin"), Entity("T2", "Effect", 0, 4, "Rash")),
        (Relation("causes", "T1", "T2"), Relation("with", "T2", "T1")), split="dev",
    )  # fmt: skip
    rows = dataset_frames(BuiltDataset((document,), (), ("with",)))["gold_relations"].to_dicts()
    assert rows[0] == {
        "doc_id": "a", "split": "dev", "relation_id": 0, "type": "causes", "symmetric": False,
        "head_id": "T1", "tail_id": "T2", "head_text": "Heparin", "head_type": "Drug",
        "tail_text": "Rash", "tail_type": "Effect", "head_concept": None, "tail_concept": None,
        "attributes": [],
    }  # fmt: skip
    assert (rows[1]["relation_id"], rows[1]["symmetric"]) == (1, True)


def test_what_is_said_of_mentions_and_relations_comes_back_from_the_tables():
    said = (("certainty", "low=ish"), ("negation", "true"))
    entities = (Entity("T1", "Drug", 0, 7, "Heparin", attributes=said), Entity("T2", "Effect", 8, 12, "rash"))
    document = Document(
        "a", "Heparin rash", entities, (Relation("causes", "T1", "T2", attributes=said[1:]),), split="test"
    )
    frames = dataset_frames(BuiltDataset((document,), (), ()))
    assert frames["gold_entities"]["attributes"].to_list() == [["certainty=low=ish", "negation=true"], []]
    tables = [frames[name] for name in ("documents", "gold_entities", "gold_relations")]
    assert documents_from_frames(*tables) == [document]
    older = [tables[0], *(each.drop("attributes") for each in tables[1:])]
    assert [entity.attributes for entity in documents_from_frames(*older)[0].entities] == [(), ()]


def test_at_concept_level_an_argument_is_the_first_mention_in_the_text():
    entities = (Entity("0", "X", 9, 16, "Heparin", ("D1",)), Entity("1", "Z", 0, 8, "Thrombin", ("D2", "D1")))
    relation = Relation("r", head_concept="D1", tail_concept="D2")
    document = Document("a", "Thrombin Heparin", entities, (relation,), level=Level.CONCEPT, directed=False)
    (row,) = dataset_frames(BuiltDataset((document,), (), ()))["gold_relations"].to_dicts()
    assert (row["head_text"], row["head_type"], row["head_concept"], row["head_id"]) == (
        "Thrombin",
        "Z",
        "D1",
        None,
    )
    assert row["symmetric"] is True


def test_a_document_row_counts_characters_and_is_its_own_group():
    (row,) = dataset_frames(BuiltDataset((Document("a", "née 😀", split="test"),), (), ()))[
        "documents"
    ].to_dicts()
    assert (row["characters"], row["group_id"], row["level"], row["directed"]) == (5, "a", "mention", True)


def test_problems_have_a_row_each():
    problem = Problem("f", 3, "a", ProblemKind.TRUNCATED, "cut")
    rows = dataset_frames(BuiltDataset((), (problem, problem), ()))["import_problems"].to_dicts()
    assert rows == [{"file": "f", "line": 3, "doc_id": "a", "kind": "truncated", "message": "cut"}] * 2
