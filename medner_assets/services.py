"""The UI, the daemon and the code server of a project, started together and ended together.

What `dagster dev` does, with three differences: the web server stands behind the gate of `web/gate.py`, a
second UI of the same project is refused, and nothing outlives the end. Where this process is killed
(SIGKILL), UI and daemon go at once, Dagster's code servers when they miss its heartbeat: within two minutes.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from medner_assets import paths
from medner_assets.defs.shared import bring
from medner_assets.environment import TOKEN_VARIABLE, of_child, take_token
from medner_assets.errors import MednerError
from medner_assets.interruption import Interruption, dies_with
from medner_assets.launching import readable_storage
from medner_assets.locks import lock_now, opened
from medner_assets.web.listening import listening, url_of
from medner_assets.web.logins import logins_from
from medner_assets.web.origins import is_loopback

if TYPE_CHECKING:
    from dagster import DagsterInstance

HOST, PORT = "127.0.0.1", 3000
_WATCH_SECONDS = 0.5
_END_SECONDS = 20.0
"""How long what was started may take to end by itself: a run records its end first."""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class ServingSettings:
    """How the UI is served. port: 0 for any free one. hosts: further names that it answers to."""

    host: str = HOST
    port: int = PORT
    hosts: tuple[str, ...] = ()
    login: Path | None = None
    read_only: bool = False


@dataclass
class Parts:
    """Processes that were started, each with a pipe through which it is told to end."""

    started: list[tuple[str, "subprocess.Popen[bytes]", int]] = field(default_factory=list)

    def start(
        self,
        name: str,
        words: Sequence[str],
        stop_option: str,
        passed: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a module of Python that ends when its pipe says so, or when this process is gone."""
        told, tells = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", *words, stop_option, str(told)],
            pass_fds=(told, *passed),
            env=of_child(environment),
            stdin=subprocess.DEVNULL,
            preexec_fn=dies_with(os.getpid()),
        )
        os.close(told)
        self.started.append((name, process, tells))

    def wait(self) -> None:
        """Wait until a part ends by itself, and raise MednerError."""
        while True:
            for name, process, _ in self.started:
                if (code := process.poll()) is not None:
                    raise MednerError(f"the {name} ended by itself (exit code {code}): start the UI again")
            time.sleep(_WATCH_SECONDS)

    def end(self) -> None:
        """Tell every part to end, and wait for it."""
        from dagster_shared.ipc import send_ipc_shutdown_message

        for _, _, tells in self.started:
            with contextlib.suppress(OSError):
                send_ipc_shutdown_message(tells)
        for _, process, _ in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)


def serve(settings: ServingSettings) -> None:
    """Run the UI with its daemon until a signal comes.

    Read-only, it is the web server alone, beside another UI or without one. Raises MednerError when it cannot
    start, or when a part of it ends by itself.
    """
    token = take_token()  # trainings do not inherit it
    if not (logins_from(settings.login, token).needed or is_loopback(settings.host)):
        raise MednerError(
            f"--host {settings.host} lets other machines reach the UI: give it a login (--login FILE), or "
            "leave --host out and use a tunnel"
        )
    login = None if settings.login is None else settings.login.resolve()
    paths.settle()
    os.chdir(paths.project())
    os.umask(0o077)
    os.environ["DAGSTER_HOME"] = str(paths.project())
    os.environ["DAGSTER_IS_DEV_CLI"] = "1"  # an error in a definition is told without Dagster's own frames
    paths.private_folder(paths.DAGSTER_STORAGE).chmod(0o700)
    bring()  # the reports that it shows
    with listening(settings.host, settings.port, "medner ui") as listener:
        url = url_of(settings.host, listener)
        # Read-only, any number may run.
        with (
            contextlib.nullcontext() if settings.read_only else _alone(url),
            Interruption().awaited(lambda: False),
            contextlib.suppress(KeyboardInterrupt),
        ):
            _run(_webserver(settings, login, url, listener), listener, token, settings.read_only)


def _run(webserver: list[str], listener: socket.socket, token: str | None, read_only: bool) -> None:
    """Start everything, wait, and end everything: the last thing that happens is that nothing is left."""
    from dagster._cli.utils import get_instance_for_cli
    from dagster._serdes import serialize_value

    parts = Parts()
    with readable_storage(), contextlib.ExitStack() as stack:
        stack.callback(_end_what_is_left)
        dagster = stack.enter_context(get_instance_for_cli())
        workspace = stack.enter_context(_code_servers(dagster))
        stack.callback(parts.end)
        stack.callback(_take_no_more_signals)
        private = {} if token is None else {TOKEN_VARIABLE: token}
        parts.start(
            "web server", [*webserver, "--workspace", workspace], "--stop", [listener.fileno()], private
        )
        if not read_only:
            reference = ["--instance-ref", serialize_value(dagster.get_ref())]
            parts.start(
                "daemon", ["dagster._daemon", "run", "--workspace", workspace, *reference], "--shutdown-pipe"
            )
        parts.wait()


def _webserver(settings: ServingSettings, login: Path | None, url: str, listener: socket.socket) -> list[str]:
    """Return the words that start the web server."""
    return [
        "medner_assets.webserver",
        "--project", str(paths.project()),
        "--url", url,
        "--socket", str(listener.fileno()),
        *(["--read-only"] if settings.read_only else []),
        *(["--login", str(login)] if login is not None else []),
        *(word for name in settings.hosts for word in ("--allow-host", name)),
    ]  # fmt: skip


@contextlib.contextmanager
def _code_servers(dagster: "DagsterInstance") -> Iterator[str]:
    """Start the code servers of workspace.yaml, shared by UI and daemon; yield a file that names them."""
    import yaml
    from dagster._cli.proxy_server_manager import ProxyServerManager
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    target = WorkspaceFileTarget([str(paths.project() / "workspace.yaml")])
    with ProxyServerManager(dagster, target, "WARNING") as servers, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "workspace.yaml"
        file.write_text(yaml.safe_dump({"load_from": list(servers.get_code_server_specs())}))
        yield str(file)


@contextlib.contextmanager
def _alone(url: str) -> Iterator[None]:
    """Hold the lock of the project's UI while it runs; raise MednerError where another one runs."""
    descriptor = opened(paths.DAGSTER_STORAGE / "ui.lock")
    try:
        if not lock_now(descriptor):
            raise MednerError(f"the UI of this project runs already{_where(descriptor)}")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"url": url, "process": os.getpid()}).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _where(descriptor: int) -> str:
    try:
        told = json.loads(os.pread(descriptor, 1000, 0))
        return f" at {told['url']}: open it, or end process {told['process']} first"
    except (ValueError, KeyError, TypeError):
        return ": end it first"


def _take_no_more_signals() -> None:
    """Let the end be an end: a second Ctrl-C changes nothing. What loses its parent becomes this one's."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_what_is_left() -> None:
    """Give runs the time to record their end, which they notice by themselves; kill what stays."""
    import psutil

    left = psutil.Process().children(recursive=True)
    _, stubborn = psutil.wait_procs(left, timeout=_END_SECONDS)
    for process in [*stubborn, *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(psutil.Process().children(recursive=True), timeout=5)
