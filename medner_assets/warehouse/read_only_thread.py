"""Run a function in a thread that the kernel lets read but not write: Linux's Landlock, without privileges.

The second bar of `medner sql`: should a statement that writes be taken for one that reads, the kernel
refuses it the file. The rule holds for the thread and for those that it starts (DuckDB's workers), for as
long as they live, and not for the rest of the process. Files that are open already, such as standard output,
stay writable. On systems without Landlock (kernels before 5.13, macOS) the function runs as it is.
Source: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every architecture."""
_VERSION_FLAG, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_TCP = 0b11
_LOOK_SECONDS, _END_SECONDS = 0.1, 10.0


def writes_nowhere(
    function: Callable[[], Result],
    *,
    but_in: Sequence[Path] = (),
    interrupted: Callable[[], object] = lambda: None,
) -> Result:
    """Return what `function` returns, run in a thread that can create, change and remove no file.

    but_in: folders, which must be there, where it may. TCP is barred too, where the kernel can.
    interrupted: called when Ctrl-C comes, so that the function ends; the KeyboardInterrupt is raised then.
    What `function` raises is raised here.
    """
    returned: list[Result] = []
    raised: list[BaseException] = []
    ended = threading.Event()  # not the thread's own end, which Python 3.11 takes for come when interrupted

    def run() -> None:
        try:
            _restrict(but_in)
            returned.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            raised.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, name="read-only", daemon=True)
    thread.start()
    try:
        while not ended.wait(_LOOK_SECONDS):  # a signal that a worker of DuckDB took would end no longer wait
            pass
    except KeyboardInterrupt:
        interrupted()
        ended.wait(_END_SECONDS)
        raise
    if raised:
        raise raised[0]
    return returned[0]


def kernel_bars_writing() -> bool:
    """Tell whether this system has Landlock."""
    return _version() > 0


def _version() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _restrict(writable: Sequence[Path]) -> None:
    version, libc = _version(), _libc()
    if version < 1:
        return
    rights = _WRITE_FILE | _REMOVE_AND_MAKE
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    attributes = struct.pack("=QQ", rights, _TCP) if version >= 4 else struct.pack("=Q", rights)
    ruleset = _done(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    try:
        for folder in writable:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                rule = struct.pack("=Qi", rights, opened)
                _done(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
            finally:
                os.close(opened)
        _done(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _done(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "Landlock")
    return result
