"""A copy of the project with its daemon and UI running, as `make ui` starts them, driven as a person does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from medner_assets_tests.support.checkout import Checkout
from medner_assets_tests.support.offline import offline

CALLS = "calls"
"""The folder of a checkout in which it is noted who called out of this machine."""

_LAUNCH = """
mutation($job: String!, $tags: [ExecutionTag!]) {
  launchPipelineExecution(executionParams: {
    selector: {repositoryName: "__repository__", repositoryLocationName: "medner", pipelineName: $job},
    mode: "default", executionMetadata: {tags: $tags}
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
       ... on RunConfigValidationInvalid { errors { message } } }
}"""
_REPOSITORIES = """
{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }"""
_REEXECUTE = """
mutation($run: String!, $strategy: ReexecutionStrategy!) {
  launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: $strategy}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_ASSETS = """
{ assetNodes { isMaterializable assetKey { path } } }"""
_BACKFILL = """
mutation($assets: [AssetKeyInput!]!) {
  launchPartitionBackfill(backfillParams: {assetSelection: $assets, allPartitions: true}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) {
    __typename ... on PartitionBackfill { status error { message } } } }"""
_STALE = """
query($asset: AssetKeyInput!, $partition: String) { assetNodeOrError(assetKey: $asset) { ... on AssetNode {
    staleStatus(partition: $partition) staleCauses(partition: $partition) { reason } } } }"""
_MADE = """
query($asset: AssetKeyInput!) { assetNodeOrError(assetKey: $asset) {
    ... on AssetNode { assetMaterializations(limit: 100) { partition } } } }"""
_TERMINATE = """
mutation($run: String!) { terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message } } }"""
_START = """
mutation($name: String!) { startSensor(sensorSelector: {
    repositoryName: "__repository__", repositoryLocationName: "medner", sensorName: $name})
  { __typename ... on PythonError { message } } }"""
_RUNS = """
{ runsOrError(limit: 100) { ... on Runs { results { runId status tags { key value } } } } }"""
_RELOAD = """
mutation { reloadRepositoryLocation(repositoryLocationName: "medner") { __typename } }"""
_TICKS = """
query($name: String!) { instigationStateOrError(id: "", instigationSelector: {
    repositoryName: "__repository__", repositoryLocationName: "medner", name: $name})
  { __typename ... on InstigationState { ticks(limit: 20) { status skipReason runIds timestamp } } } }"""
SUPERVISING = ("dagster", "medner_assets.webserver", "dagster._daemon")


@dataclass
class Live:
    """`medner ui` of one checkout, on a loopback port of its own."""

    checkout: Checkout
    process: subprocess.Popen[bytes]
    port: int

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the UI's own interface; return the first field of the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": dict(variables or {})}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = json.load(answer)
        assert not content.get("errors"), content["errors"]
        return next(iter(content["data"].values()))

    def launch(self, job: str, version: str, **tags: str) -> str:
        """Start a job for one version and return the run's id."""
        every = {"dagster/partition": version, **tags}
        answer = self.ask(
            _LAUNCH, {"job": job, "tags": [{"key": key, "value": value} for key, value in every.items()]}
        )
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def reexecute(self, run: str, strategy: str = "ALL_STEPS") -> str:
        """Execute a run again as the UI's button does, and return the new run's id.

        strategy: ALL_STEPS or FROM_FAILURE.
        """
        answer = self.ask(_REEXECUTE, {"run": run, "strategy": strategy})
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def materialise_all(self) -> str:
        """Start all assets in all partitions, as "Materialize all" does; return the backfill's id."""
        assets = [each["assetKey"] for each in self.ask(_ASSETS) if each["isMaterializable"]]
        answer = self.ask(_BACKFILL, {"assets": assets})
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def backfill_status(self, backfill: str) -> str:
        """Return where a backfill stands."""
        return str(self.ask(_BACKFILL_STATUS, {"id": backfill})["status"])

    def staleness(self, asset: str, partition: str | None = None) -> tuple[str, tuple[str, ...]]:
        """Return what the graph (without a partition) or the page of a partition says, and why."""
        answer = self.ask(_STALE, {"asset": {"path": [asset]}, "partition": partition})
        return str(answer["staleStatus"]), tuple(each["reason"] for each in answer["staleCauses"])

    def made(self, asset: str) -> set[str | None]:
        """Return the partitions of an asset that were materialised; None of an asset without any."""
        answer = self.ask(_MADE, {"asset": {"path": [asset]}})
        return {each["partition"] for each in answer["assetMaterializations"]}

    def tags(self, run: str) -> dict[str, str]:
        """Return the tags of a run."""
        (found,) = (each for each in self.ask(_RUNS)["results"] if each["runId"] == run)
        return {tag["key"]: tag["value"] for tag in found["tags"]}

    def terminate(self, run: str) -> str:
        """Terminate a run as the UI's button does; return what came of it."""
        return str(self.ask(_TERMINATE, {"run": run})["__typename"])

    def statuses(self) -> dict[str, str]:
        """Return run → status, the latest first."""
        return {run["runId"]: run["status"] for run in self.ask(_RUNS)["results"]}

    def partition(self, run: str) -> str:
        """Return the version that a run is of."""
        for each in self.ask(_RUNS)["results"]:
            if each["runId"] == run:
                return next((tag["value"] for tag in each["tags"] if tag["key"] == "dagster/partition"), "")
        return ""

    def reload(self, patience_seconds: float = 60) -> None:
        """Reload the definitions, as the UI's button does, until they are there."""

        def there() -> bool:
            try:
                return self.ask(_RELOAD)["__typename"] == "WorkspaceLocationEntry" and _answers(self)
            except (AssertionError, urllib.error.URLError):
                return False

        assert within(patience_seconds, there) is not None, "the definitions do not come back"

    def start_sensor(self, name: str) -> None:
        """Start a sensor, as the UI's switch does."""
        answer = self.ask(_START, {"name": name})
        assert answer["__typename"] == "Sensor", answer

    def ticks(self, schedule: str) -> list[dict[str, Any]]:
        """Return the ticks of a schedule, the latest first."""
        return list(self.ask(_TICKS, {"name": schedule}).get("ticks", []))

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return the processes of this checkout whose command line holds one of the words."""
        return processes_of(self.checkout, *words)

    def kill_everything(self) -> None:
        """Kill `medner ui` and all below it, as a power cut does."""
        tree = [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]
        for process in tree:
            with suppress(psutil.Error):
                process.kill()
        self.process.wait()


def processes_of(checkout: Checkout, *words: str) -> list[psutil.Process]:
    """Return the living processes whose command line holds the checkout's folder and one of the words."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if (
            str(checkout.root) in line
            and any(word in line for word in words)
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ):
            found.append(process)
    return found


def workers(checkout: Checkout) -> list[psutil.Process]:
    """Return the living training and generation processes of a checkout."""
    return processes_of(checkout, "training.train", "inference.generate")


def within(seconds: float, holds: Callable[[], bool]) -> float | None:
    """Wait until `holds`; return the seconds that it took, or None when it never did."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if holds():
            return time.monotonic() - began
        time.sleep(0.1)
    return time.monotonic() - began if holds() else None


@contextmanager
def running(checkout: Checkout, ready_seconds: float = 120) -> Iterator[Live]:
    """Start the daemon and the UI of a checkout; nothing of them is left afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (checkout.root / "data" / "dagster").mkdir(parents=True, exist_ok=True)
    log = checkout.root / "medner-ui.log"
    environment = {**checkout.environment(), "DAGSTER_HOME": str(checkout.root)}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "medner_assets.cli", "ui", "--port", str(port)],
            cwd=checkout.root, env=offline(environment, checkout.root / CALLS),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    live = Live(checkout, process, port)
    try:
        assert within(ready_seconds, lambda: _answers(live)) is not None, log.read_text()[-3000:]
        yield live
    finally:
        _stop(process)


def _answers(live: Live) -> bool:
    try:
        return bool(live.ask(_REPOSITORIES)["nodes"])
    except (urllib.error.URLError, OSError, KeyError, AssertionError, json.JSONDecodeError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    tree = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=15)
    for left in tree:
        with suppress(psutil.Error):
            left.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def on_instance(checkout: Checkout, *lines: str) -> str:
    """Run lines that use `dagster`, the checkout's instance, and return what they print."""
    script = [
        "import os",
        f"os.chdir({str(checkout.root)!r})",
        f"os.environ['DAGSTER_HOME'] = {str(checkout.root)!r}",
        "from dagster import DagsterInstance",
        "with DagsterInstance.get() as dagster:",
        *(f"    {line}" for line in lines),
    ]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(script)], env=checkout.environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return ran.stdout.strip()


SLOTS = (
    "log = dagster.event_log_storage; "
    "print(sum(len(log.get_concurrency_info(key).claimed_slots) for key in log.get_concurrency_keys()))"
)
"""Prints how many places in pools are taken."""


def progress_of(checkout: Checkout, version: str, step: str = "training") -> Path:
    """Return the file that a step keeps up to date while it works."""
    return checkout.data / "work" / version / step / "scratch" / "progress.json"
