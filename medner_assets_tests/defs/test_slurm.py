"""What Slurm's commands print is read as it is meant, and sbatch is given what was asked for."""

from pathlib import Path

import pytest

from medner_assets.defs.command import Beside
from medner_assets.defs.slurm import REST, Task, accounted, numbers, parsed
from medner_assets.defs.slurm_script import comment, options, script, work_key, works_on
from medner_assets.environment import of_slurm_job, slurm_settings
from medner_assets.errors import MednerError

# Printed by Slurm 22.05; fields that nothing reads are left out of the others.
COMPLETED = (
    "JobId=1 JobName=wrap UserId=root(0) Account=(null) JobState=COMPLETED Reason=None Requeue=1 Restarts=0 "
    "ExitCode=0:0 RunTime=00:00:02 TimeLimit=01:00:00 Partition=normal ReqNodeList=(null) ExcNodeList=(null) "
    "NodeList=n1 BatchHost=n1 CPUs/Task=1 TRES=cpu=1,mem=4000M,node=1,billing=1 MinMemoryNode=0 "
    "WorkDir=/data/a=b StdErr=/data/slurm-1.out StdIn=/dev/null Power= \n"
)
ARRAY = (
    "JobId=7 ArrayJobId=7 ArrayTaskId=2-4 JobState=PENDING Reason=Resources Restarts=0 ExitCode=0:0 "
    "TimeLimit=01:00:00 NodeList=(null) TRES=cpu=1,mem=500M,node=1\n"
    "JobId=9 ArrayJobId=7 ArrayTaskId=1 JobState=FAILED Reason=JobLaunchFailure Restarts=0 ExitCode=0:53 "
    "TimeLimit=01:00:00 NodeList=n2 TRES=cpu=1,mem=500M,node=1\n"
    "JobId=8 ArrayJobId=7 ArrayTaskId=0 JobState=RUNNING Reason=None Restarts=1 ExitCode=0:0 "
    "TimeLimit=01:00:00 NodeList=n1 TRES=cpu=1,mem=500M,node=1\n"
)


def tasks(folder: Path, count: int) -> list[Beside]:
    return [
        Beside(
            ["/bin/python", "-m", "x y"], folder / str(n), folder / str(n) / "stderr.log", f"task {n}", True
        )
        for n in range(count)
    ]


def test_a_job_is_read_from_what_the_controller_prints():
    assert parsed(COMPLETED) == {
        0: Task("COMPLETED", node="n1", limit="01:00:00", memory="4000M"),
    }
    assert parsed(COMPLETED)[0].is_over


def test_tasks_of_an_array_that_wait_share_a_line_and_each_has_its_own_end():
    found = parsed(ARRAY)
    assert {number: task.state for number, task in found.items()} == {
        0: "RUNNING", 1: "FAILED", 2: "PENDING", 3: "PENDING", 4: "PENDING",
    }  # fmt: skip
    assert (found[1].code, found[0].restarts, found[2].reason) == (-53, 1, "Resources")


def test_tasks_that_were_cancelled_while_they_waited_have_no_number_any_more():
    gone = ARRAY.replace("ArrayTaskId=2-4 JobState=PENDING", "ArrayTaskId=4294967294 JobState=CANCELLED")
    assert {number: task.state for number, task in parsed(gone).items()} == {
        0: "RUNNING", 1: "FAILED", REST: "CANCELLED",
    }  # fmt: skip


def test_a_job_that_waits_for_more_than_its_partition_gives_never_starts():
    waits = ARRAY.replace("Reason=Resources", "Reason=PartitionTimeLimit")
    assert [parsed(text)[2].never_starts for text in (ARRAY, waits)] == [False, True]


def test_accounting_is_read_where_the_controller_has_forgotten_a_job():
    assert accounted("12|CANCELLED by 1000|0:15|n1|2G\n") == {
        0: Task("CANCELLED", code=-15, node="n1", memory="2G")
    }
    assert accounted("12_0|COMPLETED|0:0|n1|2G\n12_3|FAILED|1:0|n2|2G\n") == {
        0: Task("COMPLETED", node="n1", memory="2G"), 3: Task("FAILED", code=1, node="n2", memory="2G"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", [3]), ("0,2-4", [0, 2, 3, 4]), ("0-8:4", [0, 4, 8]), ("5-7%2", [5, 6, 7])],
)
def test_task_numbers_are_read_in_every_notation_of_slurm(text, expected):
    assert numbers(text) == expected


def test_a_job_works_on_a_key_only_in_the_task_that_has_it():
    said = comment(["aa", "bb", "cc"])
    assert [works_on(job, said, {"bb"}) for job in ("7_0", "7_1", "7_2")] == [False, True, False]
    assert works_on("7", comment(["aa"]), {"aa"})
    # A job that medner did not submit is never its own, whatever it says.
    assert not works_on("7", "aa bb", {"aa"})
    assert not works_on("7", "(null)", {"(null)"})
    assert not works_on("7", "", {"aa"})


def test_all_tasks_that_help_one_work_have_its_key_in_a_comment_of_one_word():
    said = comment(["aa"] * 256)
    assert said == "medner aa"
    assert works_on("7_255", said, {"aa"})


def test_the_comment_of_the_most_replicates_fits_what_slurm_takes():
    assert len(comment([work_key(Path(f"/data/v.r{n}/training")) for n in range(99)])) <= 1024


def test_sbatch_is_given_what_was_asked_for_and_how_to_tell_of_the_end(tmp_path):
    folder = tmp_path / "v1" / "training"
    given = options(
        folder, tasks(tmp_path, 1), [0], {"cpus": "2", "gres": "gpu:1", "extra": "--nice=5 '--x=a b'"}
    )
    assert {
        "--cpus-per-task=2",
        "--gres=gpu:1",
        "--nice=5",
        "--x=a b",
        "--signal=B:USR1@60",
        "--requeue",
    } <= {*given}
    assert "--job-name=medner-v1-training" in given
    assert not [each for each in given if each.startswith("--array")]


def test_only_what_is_not_done_is_submitted_again(tmp_path):
    assert "--array=1,3" in options(tmp_path, tasks(tmp_path, 4), [1, 3], {})


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("--wrap=x", "--wrap is medner's own"),
        ("-N 2", "give options as --name=value"),
        ("'", "No closing quotation"),
    ],
)
def test_further_options_that_would_break_a_job_are_one_line(tmp_path, extra, reason):
    with pytest.raises(MednerError, match=reason):
        options(tmp_path, tasks(tmp_path, 1), [0], {"extra": extra})


def test_a_script_ignores_the_notice_until_its_command_listens_and_only_the_first_task_speaks(tmp_path):
    written = script(tasks(tmp_path, 2), tmp_path / "it's shared")
    assert written.index("trap '' USR1") < written.index("exec ")
    assert f"test -e '{tmp_path}/it'\"'\"'s shared' || exit 72" in written
    first, second = (line for line in written.splitlines() if "exec /bin/python" in line)
    assert "exec /bin/python -m 'x y' >>" in first
    assert ("unset DAGSTER_PIPES_CONTEXT" in first, "unset DAGSTER_PIPES_CONTEXT" in second) == (False, True)


def test_a_setting_that_nobody_reads_is_one_line(monkeypatch):
    monkeypatch.setenv("MEDNER_SLURM_PARTITON", "gpu")
    with pytest.raises(
        MednerError, match="MEDNER_SLURM_PARTITON: there is no such setting: use one of MEDNER_SLURM_P"
    ):
        slurm_settings()


def test_settings_are_those_that_are_stated(monkeypatch):
    monkeypatch.setenv("MEDNER_SLURM_TIME", " 1-00:00:00 ")
    monkeypatch.setenv("MEDNER_SLURM_GRES", "")
    assert slurm_settings() == {"time": "1-00:00:00"}


def test_a_job_has_as_many_threads_as_cores_were_asked_for_and_no_gpu_of_this_machine():
    here = {"CUDA_VISIBLE_DEVICES": "7", "SLURM_JOB_ID": "3", "SLURM_CONF": "/etc/s", "PATH": "/bin"}
    assert of_slurm_job(here, "4") == {"SLURM_CONF": "/etc/s", "PATH": "/bin", "OMP_NUM_THREADS": "4"}
    assert of_slurm_job({**here, "OMP_NUM_THREADS": "1"}, "4")["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in of_slurm_job(here, None)
