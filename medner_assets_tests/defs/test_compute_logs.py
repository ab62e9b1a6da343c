"""What a step prints goes to Dagster's files; beside a command it starts no process that Ctrl-C would hit."""

import os
import sys

import psutil

from medner_assets.defs.compute_logs import ComputeLogs, not_mirrored

KEY = ["run", "compute_logs", "step"]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_command_keeps_what_a_step_prints_in_the_files_that_the_ui_shows(tmp_path):
    logs = ComputeLogs(base_dir=str(tmp_path))
    before = children()
    with not_mirrored(), logs.capture_logs(KEY):
        assert children() == before
        os.write(sys.stderr.fileno(), b"a library's warning\n")
        os.write(sys.stdout.fileno(), b"a result\n")
    data = logs.get_log_data(KEY)
    assert (data.stdout, data.stderr) == (b"a result\n", b"a library's warning\n")
    assert logs.is_capture_complete(KEY)


def test_elsewhere_dagster_mirrors_to_the_terminal_by_processes_of_its_own(tmp_path):
    logs = ComputeLogs(base_dir=str(tmp_path))
    before = children()
    with logs.capture_logs(KEY):
        assert len(children() - before) == 4
