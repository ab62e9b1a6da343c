"""A Slurm job's end is told as what it was. Slurm's commands are scripts here; `benchmarks/engines.py` has
real ones."""

import os
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from medner_assets.defs import slurm_engine
from medner_assets.defs.command import Beside, Command
from medner_assets.errors import MednerError

FINISHES = """printf '%s\\n' '{"method": "opened", "params": {}}' \
'{"method": "report_custom_message", "params": {"payload": {"medner": "finished"}}}' \
'{"method": "closed", "params": {}}' >> """

SBATCH = """#!/bin/sh
echo sbatch "$@" >> "$FAKE/asked"
test -e "$FAKE/refuses" && { cat "$FAKE/refuses" >&2; exit 1; }
for script; do :; done
sh "$script"; code=$?
count=$(grep -c ^sbatch "$FAKE/asked")
state=COMPLETED; test $code = 0 || state=FAILED
test -e "$FAKE/state" && state=$(cat "$FAKE/state")
reason=None; test -e "$FAKE/reason" && reason=$(cat "$FAKE/reason")
test -e "$FAKE/code" || echo "$code:0" > "$FAKE/code"
echo "JobId=$count JobState=$state Reason=$reason Restarts=0 ExitCode=$(cat "$FAKE/code")" \
    "TimeLimit=00:01:00 NodeList=n1 TRES=cpu=1,mem=60M" > "$FAKE/job"
rm "$FAKE/code"
test -e "$FAKE/array" && cat "$FAKE/array" >> "$FAKE/job"
echo "$count"
"""
SCONTROL = """#!/bin/sh
if test -e "$FAKE/job"; then
    cat "$FAKE/job"; test -e "$FAKE/next" && mv "$FAKE/next" "$FAKE/job"; exit 0
fi
echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1
"""
SQUEUE = """#!/bin/sh
echo squeue "$@" >> "$FAKE/asked"
test -e "$FAKE/queue" && cat "$FAKE/queue"; exit 0
"""
SCANCEL = """#!/bin/sh
echo scancel "$@" >> "$FAKE/asked"
for job; do test -e "$FAKE/queue" && sed -i "/^$job|/d" "$FAKE/queue"; done
exit 0
"""


class Slurm:
    """Commands of Slurm's that do a job at once, and note what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (
            ("sbatch", SBATCH),
            ("scontrol", SCONTROL),
            ("squeue", SQUEUE),
            ("scancel", SCANCEL),
        ):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def says(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def asked(self, command: str) -> list[str]:
        lines = (self.folder / "asked").read_text().splitlines()
        return [line for line in lines if line.startswith(command)]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    made = Slurm(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("FAKE", str(tmp_path))
    monkeypatch.setattr(slurm_engine, "_HEARD_SECONDS", 0.5)
    monkeypatch.setattr(slurm_engine, "_POLL_SECONDS", 0.02)
    return made


class Ran:
    """What a step on Slurm came to: its exit code, or its reason, and its metadata."""

    def __init__(self, folder: Path, script: str, beside: Sequence[Beside] = ()) -> None:
        self.code: int | None = None
        self.reason = ""
        work = folder / "data" / "v1" / "training"
        work.mkdir(parents=True)

        @dg.asset
        def trained(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            try:
                argv = ["/bin/sh", "-c", script.replace("MESSAGES", str(work / "messages" / "messages"))]
                command = Command(context, argv, dict(os.environ), work, 0, "training of v1", beside=beside)
                self.code = slurm_engine.run_on_slurm(command)
            except MednerError as error:
                self.reason = str(error)
            return dg.MaterializeResult()

        (made,) = dg.materialize([trained]).asset_materializations_for_node("trained")
        self.metadata = made.metadata
        self.log = work / "stderr.log"


def test_a_job_that_ends_with_its_last_word_has_succeeded_and_is_named_in_the_metadata(cluster, tmp_path):
    ran = Ran(tmp_path, f"{FINISHES} MESSAGES; echo a line >&2")
    assert (ran.code, ran.reason) == (0, "")
    assert (ran.metadata["Slurm job"].value, ran.metadata["Slurm log"].value) == ("1", str(ran.log))
    assert ran.log.read_text() == "a line\n"
    assert ran.log.stat().st_mode & 0o777 == 0o600


def test_a_job_without_its_last_word_has_failed(cluster, tmp_path):
    ran = Ran(tmp_path, "true")
    assert ran.reason == (
        "training of v1 ended as Slurm job 1 without its last message: the connection was lost, run it again"
    )


def test_the_exit_code_of_a_command_is_its_own(cluster, tmp_path):
    assert Ran(tmp_path, "echo why >&2; exit 1").code == 1


def test_a_job_that_stopped_before_its_time_limit_goes_on_in_another(cluster, tmp_path):
    ran = Ran(tmp_path, f"mkdir {tmp_path}/begun && exit 75; {FINISHES} MESSAGES")
    assert ran.code == 0
    assert ran.metadata["Slurm job"].value == "1, 2"


KEPT = "what it had finished is kept"
UNSEEN = "cannot run: n1 does not see FOLDER: put MEDNER_DATA on a file system that all nodes share"
AGAIN = "on n1: run it again, it goes on from its last checkpoint"


@pytest.mark.parametrize(
    ("state", "code", "line"),
    [
        ("OUT_OF_MEMORY", "0:125", " was killed for memory on n1: 60M was asked for: raise MEDNER_SLURM_MEM"),
        ("TIMEOUT", "0:0", f" was ended at its time limit of 00:01:00: raise MEDNER_SLURM_TIME; {KEPT}"),
        ("FAILED", "0:53", f" {UNSEEN}"),
        ("FAILED", "72:0", f" {UNSEEN}"),
        ("CANCELLED", "0:15", f": Slurm job 1 ended as CANCELLED {AGAIN}"),
        ("NODE_FAIL", "0:0", f": Slurm job 1 ended as NODE_FAIL {AGAIN}"),
    ],
)
def test_what_slurm_does_to_a_job_is_one_line(cluster, tmp_path, state, code, line):
    cluster.says("state", state)
    cluster.says("code", code)
    ran = Ran(tmp_path, "true")
    assert ran.reason == "training of v1" + line.replace("FOLDER", str(ran.log.parent))
    assert cluster.asked("scancel") == []


def test_a_job_that_slurm_does_not_take_is_one_line_with_its_reason(cluster, tmp_path):
    cluster.says(
        "refuses",
        "sbatch: error: invalid partition specified: nope\n"
        "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
    )
    assert Ran(tmp_path, "true").reason == (
        "Slurm does not take training of v1 (invalid partition specified: nope; Batch job submission failed: "
        "Invalid partition name specified): correct MEDNER_SLURM_*, see `sinfo`"
    )


def test_slurm_that_is_not_installed_is_one_line(cluster, tmp_path, monkeypatch):
    (tmp_path / "squeue").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no `squeue` on this machine's PATH" in Ran(tmp_path, "true").reason


def test_a_job_of_this_work_that_an_earlier_run_left_is_cancelled_before_the_next_is_submitted(
    cluster, tmp_path
):
    key = slurm_engine.work_key(tmp_path / "data" / "v1" / "training")
    cluster.says("queue", f"8|medner {key}\n9|medner other\n10|\n11_1|medner other {key}\n")
    assert Ran(tmp_path, f"{FINISHES} MESSAGES").code == 0
    asked = [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert (asked[:2], asked[-1]) == (["squeue", "scancel"], "sbatch")
    assert (tmp_path / "queue").read_text() == "9|medner other\n10|\n"
    assert cluster.asked("scancel") == ["scancel 8 11_1"]


def test_a_job_that_can_never_start_is_cancelled_and_said(cluster, tmp_path):
    cluster.says("state", "PENDING")
    cluster.says("reason", "PartitionTimeLimit")
    assert Ran(tmp_path, "true").reason == (
        "training of v1: Slurm job 1 waits for what will not come (PartitionTimeLimit): "
        "correct MEDNER_SLURM_*, see `sinfo`"
    )
    assert cluster.asked("scancel") == ["scancel 1"]


def sibling(folder: Path) -> Beside:
    return Beside(["/bin/sh", "-c", "true"], folder / "v2", folder / "v2" / "stderr.log", "v2", True)


def test_a_sibling_of_an_array_that_fails_leaves_the_first_task_its_success(cluster, tmp_path, capsys):
    cluster.says("array", "ArrayTaskId=1 JobState=FAILED ExitCode=1:0\n")
    ran = Ran(tmp_path, f"{FINISHES} MESSAGES", [sibling(tmp_path)])
    assert ran.code == 0
    assert "--array=0,1" in cluster.asked("sbatch")[0].split()
    assert "v2 did not succeed (FAILED)" in capsys.readouterr().err


def test_a_task_that_slurm_forgets_while_others_go_on_is_remembered(cluster, tmp_path, capsys):
    cluster.says("array", "ArrayTaskId=1 JobState=RUNNING ExitCode=0:0\n")
    cluster.says("next", "ArrayTaskId=1 JobState=COMPLETED ExitCode=0:0\n")
    assert Ran(tmp_path, "exit 1", [sibling(tmp_path)]).code == 1
    assert "did not succeed" not in capsys.readouterr().err
