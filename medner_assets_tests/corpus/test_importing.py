import pytest

from medner_assets.corpus.importing import import_files, problem_line
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError


def test_an_import_gives_documents_problems_and_their_counts(tmp_path):
    rows = (
        "77|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n"
        "78|Heparin caused fever.|fever|15|20|Heparin|0|7\n"
        "78|Heparin caused fever.|fever|16|21|Heparin|0|7\n"
    )
    (tmp_path / "f").write_text(rows)
    imported = import_files("ade", [tmp_path / "f"])
    assert imported.summary() == {
        "documents": 2,
        "entities": 4,
        "entities.Drug": 2,
        "entities.Effect": 2,
        "relations": 2,
        "relations.causes": 2,
        "problems": 2,
        "problems.offset-mismatch": 1,
        "problems.unknown-argument": 1,
        "lost": 2,
    }


def test_what_is_changed_and_kept_is_a_problem_but_not_lost(tmp_path):
    (tmp_path / "f.txt").write_text("left and right pain")
    (tmp_path / "f.ann").write_text("T1\tEffect 0 4;15 19\tleft pain\n")
    summary = import_files("brat", [tmp_path / "f.ann"]).summary()
    assert (summary["problems.discontinuous"], summary["lost"]) == (1, 0)


def test_a_file_without_documents_is_refused(tmp_path):
    (tmp_path / "f").write_text("nothing\n")
    with pytest.raises(MednerError, match="holds no document"):
        import_files("pubtator", [tmp_path / "f"])


def test_a_problem_is_written_as_compilers_write_theirs():
    problem = Problem("a.ann", 3, "n1", ProblemKind.OFFSET_MISMATCH, "left out")
    assert problem_line(problem) == "a.ann:3: offset-mismatch: document n1: left out"
    assert (
        problem_line(Problem("a.json", None, None, ProblemKind.MALFORMED, "left out"))
        == "a.json: malformed: left out"
    )
