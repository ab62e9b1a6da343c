"""Nothing that a run starts outlives it, and no two runs do the same work at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medner_assets.defs.processes import last_line, supervise
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")


def python(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    return not is_alive(pid)


def written(file: Path, seconds: float = 10.0) -> str:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.02)
    raise AssertionError(f"{file.name} was not written")


def test_the_exit_code_and_the_last_line_of_a_command_are_told(tmp_path):
    code = supervise(
        python("import sys", "print('first', file=sys.stderr)", "sys.exit('the reason\\n')"),
        os.environ,
        folder=tmp_path,
    )
    assert (code, last_line(tmp_path / "stderr.log")) == (1, "the reason")
    assert (tmp_path / "stderr.log").stat().st_mode & 0o777 == 0o600


def test_a_command_killed_by_a_signal_has_a_negative_code(tmp_path):
    assert supervise(python("import os", "os.kill(os.getpid(), 9)"), os.environ, folder=tmp_path) == -9


def test_a_grandchild_does_not_outlive_the_command_that_left_it(tmp_path):
    note = tmp_path / "pid"
    code = supervise(
        python(
            "import subprocess, sys, pathlib",
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
            f"pathlib.Path({str(note)!r}).write_text(str(child.pid))",
        ),
        os.environ,
        folder=tmp_path,
    )
    assert code == 0
    assert gone_within(int(note.read_text()), 2)


def test_a_command_that_ignores_interrupts_is_killed_after_the_grace_period(tmp_path):
    note = tmp_path / "pid"
    command = python(
        "import os, pathlib, signal, time",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()))",
        "time.sleep(60)",
    )

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupted)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            supervise(command, os.environ, folder=tmp_path, grace_seconds=0.3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not is_alive(int(note.read_text()))


def test_killing_the_caller_kills_the_command(tmp_path):
    note = tmp_path / "pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    caller = subprocess.Popen(
        python(
            "import os, pathlib, sys",
            "from medner_assets.defs.processes import supervise",
            f"folder = pathlib.Path({str(tmp_path)!r})",
            f"supervise([sys.executable, '-c', {child!r}], os.environ, folder=folder)",
        )
    )
    pid = int(written(note))
    caller.kill()
    caller.wait()
    assert gone_within(pid, 2)


def test_the_same_work_is_refused_while_another_process_does_it(tmp_path):
    note = tmp_path / "pid"
    holder = subprocess.Popen(
        python(
            "import os, pathlib, time",
            "from medner_assets.locks import exclusive",
            f"with exclusive(pathlib.Path({str(tmp_path / 'lock')!r}), 'training of v1'):",
            f"    pathlib.Path({str(note)!r}).write_text(str(os.getpid()))",
            "    time.sleep(60)",
        )
    )
    try:
        pid = int(written(note))
        with (
            pytest.raises(MednerError, match=f"training of v1 is already under way in process {pid}:"),
            exclusive(tmp_path / "lock", "training of v1", patience_seconds=0.3),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()
    with exclusive(tmp_path / "lock", "training of v1"):
        pass


def test_the_lock_stays_with_a_command_that_inherited_it(tmp_path):
    with exclusive(tmp_path / "lock", "training of v1") as held:
        orphan = subprocess.Popen(python("import time", "time.sleep(60)"), pass_fds=[held])
    try:
        with pytest.raises(MednerError, match="already under way"), exclusive(tmp_path / "lock", "it", 0.3):
            pass
    finally:
        orphan.kill()
        orphan.wait()
