"""The command line as a contract: help, exit codes, one line on a mistake, nothing but results on stdout."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medner_assets import paths
from medner_assets.cli import main
from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.registry import read_files
from medner_assets.errors import MednerError
from medner_assets.paths import PROJECT
from medner_assets.recipes.formats import FORMATS
from medner_assets_tests.support.miniature import documents

COMMANDS = {
    "demo", "doctor", "versions", "import", "audit", "score", "train", "ui", "evaluate", "compare", "promote",
    "predict", "annotate", "sql", "export", "schema", "forget", "init", "register",
    "serve", "queue",
}  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def medner(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def refused(*arguments: str, stdin: str | None = None) -> str:
    """Return the one line on standard error of a command that must be refused."""
    result = medner(*arguments, stdin=stdin)
    lines = result.stderr.strip().splitlines()
    assert (result.exit_code, len(lines), result.stdout) == (1, 1, ""), result.output
    return lines[0]


def test_the_commands_are_exactly_those_of_the_contract():
    assert set(main.commands) == COMMANDS | {"base"}  # a group: `medner base lock NAME`


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_every_option_has_help(command):
    result = medner(command, "--help")
    assert result.exit_code == 0
    assert main.commands[command].help
    assert all(each.help for each in main.commands[command].params if each.param_type_name == "option")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_stands_in_the_readme(command):
    assert f"medner {command}" in (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_help_ends_with_examples_that_its_command_accepts(command):
    shown = medner(command, "--help").output
    lines = [line.strip() for line in shown.partition("Examples:")[2].partition("Options:")[0].splitlines()]
    examples = [line.partition("| ")[2] or line for line in lines if line]
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" > ")[0].partition(" < ")[0])
        assert words[:2] == ["medner", command], example
        main.commands[command].make_context(command, words[2:])  # raises what a user would see


def test_help_loads_nothing_that_takes_time():
    script = (
        "import sys, medner_assets.cli; "
        "print([n for n in ('dagster', 'polars', 'duckdb', 'rich', 'pydantic') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_formats_are_those_that_there_are_readers_for():
    for name in FORMATS:
        with pytest.raises(MednerError, match=r"no such file|there is no"):
            read_files(name, [Path("absent")])


def test_an_unknown_command_option_or_value_is_one_line_and_exit_code_1():
    assert refused("nope") == "Error: No such command 'nope'."
    assert "No such option" in refused("versions", "--nope")
    assert "Missing argument 'VERSION'" in refused("train")
    assert "'xml' is not one of" in refused("import", "xml", "a", "--out", "b")


def test_settings_without_a_name_for_the_new_version_are_refused():
    assert "name the new version with --as NAME" in refused("train", "tiny-v1", "--set", "lora.rank=8")
    assert "add --set KEY=VALUE" in refused("train", "tiny-v1", "--as", "new")


def test_schemas_are_written_where_they_are_asked_for(tmp_path):
    result = medner("schema", str(tmp_path / "new"))
    assert result.exit_code == 0
    assert [Path(line).name for line in result.stdout.splitlines()] == [
        "version.json", "dataset.json", "base_model.json"
    ]  # fmt: skip
    assert json.loads((tmp_path / "new" / "version.json").read_text())["title"] == "VersionRecipe"


def test_a_checkout_that_is_not_installed_is_one_line_and_not_a_trace():
    def ran(*blocked: str) -> subprocess.CompletedProcess[str]:
        script = (
            "import sys, importlib.metadata as m\n"
            f"sys.modules.update(dict.fromkeys({blocked!r}))\n"
            "def gone(name): raise m.PackageNotFoundError(name)\n"
            "m.distribution = gone\n"
            "sys.argv = ['medner', *sys.argv[1:]]\n"
            "from medner_assets.cli import main; main()"
        )
        command = [sys.executable, "-c", script, *(["doctor"] if blocked else ["--version"])]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)

    for result in (ran("click"), ran("polars"), ran()):
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert "installed in" in result.stderr
        assert "run `make setup`" in result.stderr


def test_versions_are_listed_on_standard_output():
    result = medner("versions")
    assert (result.exit_code, result.stderr) == (0, "")
    assert all(name in result.stdout for name in ("tiny-v1", "tiny-ade-v2", "v3"))


@pytest.mark.parametrize("command", ["train", "evaluate", "compare", "predict"])
def test_an_unknown_version_is_told_with_those_that_there_are(command):
    text = ["some text"] if command == "predict" else []
    line = refused(command, "nope", *text)
    assert line.startswith("Error: unknown version 'nope': choose one of small-ade-v1, ")


def test_a_version_whose_name_would_reach_outside_its_folder_is_unknown(data):
    for name in ("../../etc/passwd", "a/b", "", "v1\x00"):
        assert "unknown version" in refused("evaluate", name)
    assert not data.exists() or not any(data.rglob("passwd"))


def test_a_comparison_needs_two_evaluated_versions_of_one_dataset():
    assert "names no baseline" in refused("compare", "tiny-v1")
    assert "is not evaluated yet: run `medner evaluate tiny-v2`" in refused("compare", "tiny-v2")
    assert "only versions of one dataset" in refused("compare", "tiny-v2", "--baseline", "tiny-ade-v1")
    assert "cannot be compared with itself" in refused("compare", "tiny-v2", "--baseline", "tiny-v2")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Three splits of a tiny dataset, and predictions that are right but for one missing relation."""
    made = {}
    for split in ("train", "dev", "test"):
        path = tmp_path / f"{split}.jsonl"
        write_documents(path, [document for document in documents(36) if document.split == split])
        made[split] = str(path)
    lines = [json.loads(line) for line in Path(made["test"]).read_text().splitlines()]
    lines[0]["relations"] = []
    predicted = tmp_path / "predicted.jsonl"
    predicted.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {**made, "predicted": str(predicted)}


def test_score_counts_what_is_missing_and_its_json_is_all_that_is_printed(files):
    result = medner("score", files["test"], files["predicted"], "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    scores = json.loads(result.stdout)
    assert set(scores) == {"signature", "documents", "entity", "relation"}
    assert scores["documents"] == 6
    assert scores["relation"]["strict"]["fn"] == 1
    assert scores["relation"]["strict"]["tp"] == 5
    assert scores["entity"]["span"]["f1"] == 1


def test_score_without_json_is_lines_to_read(files):
    assert "relation strict: P 1.0000  R 0.8333" in medner("score", files["test"], files["predicted"]).stdout


def test_audit_gives_its_verdict_with_reasons(files):
    result = medner("audit", files["train"], files["dev"], files["test"], "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    audit = json.loads(result.stdout)
    assert set(audit) == {"verdict", "reasons", "probes"}
    assert audit["reasons"]
    assert audit["verdict"] in medner("audit", files["train"], files["dev"], files["test"]).stdout


def test_import_writes_what_it_read_and_tells_what_it_could_not_place(files, tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(Path(files["test"]).read_text() + '{"id": "x"\n')
    out = tmp_path / "out.jsonl"
    result = medner("import", "jsonl", str(corpus), "--out", str(out))
    assert result.exit_code == 0
    assert out.read_text() == Path(files["test"]).read_text()
    assert "documents\t6" in result.stdout
    assert "corpus.jsonl:7: " in result.stderr


def test_a_file_that_is_not_there_or_not_text_is_one_line(files, tmp_path):
    assert "absent.jsonl" in refused("score", "absent.jsonl", files["predicted"])
    assert "absent.jsonl" in refused("score", files["test"], "absent.jsonl")
    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_bytes(b'{"id": "a", "text": "\xff"}\n')
    assert "UTF-8" in refused("score", files["test"], str(spoilt))
    assert "UTF-8" in refused("import", "jsonl", str(spoilt), "--out", str(tmp_path / "o"))
    assert "absent" in refused("import", "ade", "absent", "--out", str(tmp_path / "o"))
    assert not (tmp_path / "o").exists()


def test_gold_with_a_broken_line_is_not_scored(files, tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text(Path(files["test"]).read_text() + "{}\n")
    assert "broken.jsonl:7" in refused("score", str(broken), files["predicted"])


def test_sql_answers_before_anything_was_trained_and_pipes_as_json():
    result = medner("sql", "scores", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == []


def test_sql_without_a_question_lists_what_can_be_asked():
    assert "leaderboard" in medner("sql").stdout


def test_a_reader_of_the_answer_may_go_away_before_its_end(data):
    medner("sql", "scores")  # writes the catalogue, which is told once
    command = [sys.executable, "-m", "medner_assets.cli", "sql", "from range(3000000)", "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        assert asked.stdout.readline() == b"range\n"
        asked.stdout.close()
        assert asked.stderr.read() == b""


def test_sql_refuses_an_unknown_name_a_broken_query_and_a_broken_parameter():
    medner("sql", "scores")  # writes the catalogue, which is told once
    assert "unknown question, view or table 'scoers'" in refused("sql", "scoers")
    assert "the query: " in refused("sql", "select from where")
    assert "give it as NAME=VALUE" in refused("sql", "scores", "--param", "version")


def test_export_of_a_version_needs_its_name_and_never_replaces_a_file(tmp_path):
    target = tmp_path / "all.duckdb"
    assert medner("export", str(target)).exit_code == 0
    assert "the file exists already" in refused("export", str(target))
    assert "give it with --version" in refused("export", str(tmp_path / "p"), "--format", "jsonl")
    assert "unknown version" in refused("export", str(tmp_path / "p"), "--format", "jsonl", "--version", "x")


@pytest.fixture
def trained(data) -> str:
    """A version that has an adapter as far as `predict` looks before it reads its input."""
    (data / "adapters" / "tiny-v1").mkdir(parents=True)
    return "tiny-v1"


def test_predict_without_an_adapter_says_what_to_run():
    assert "tiny-v1 has no adapter yet: run `medner train tiny-v1`" in refused("predict", "tiny-v1", "words")


def test_predict_refuses_what_it_cannot_read(trained, tmp_path):
    assert "the text is empty" in refused("predict", "tiny-v1", "  ")
    assert "the text is empty" in refused("predict", "tiny-v1", "")
    assert "the text is empty" in refused("predict", "tiny-v1", stdin="")
    assert "/tmp/nonexistent.txt: there is no such file" in refused(
        "predict", "tiny-v1", "/tmp/nonexistent.txt"
    )
    spoilt = tmp_path / "note.txt"
    spoilt.write_bytes(b"\xff\xfe")
    assert "not valid UTF-8 at byte 0" in refused("predict", "tiny-v1", str(spoilt))


def test_folders_named_relative_to_where_a_command_started_stay_what_they_are(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("MEDNER_DATA", "mine")
    monkeypatch.setenv("MEDNER_CORPORA", "../corpora")
    paths.settle()
    monkeypatch.chdir(tmp_path / "there")
    assert paths.data() == tmp_path / "here" / "mine"
    assert paths.corpora() == tmp_path / "corpora"


def test_promotion_needs_a_reason():
    assert "Missing option '--reason'" in refused("promote", "tiny-v1")


def test_doctor_names_a_remedy_for_everything_that_is_missing():
    from medner_assets.commands.doctor import examined

    findings = examined()
    assert {"Python", "memory", "disk", "GPU", "Dagster home", "corpora", "catalogue"} <= {
        finding.name for finding in findings
    }
    for finding in findings:
        assert finding.state == "ok" or finding.remedy or "(" in finding.found or ":" in finding.found, (
            finding
        )
