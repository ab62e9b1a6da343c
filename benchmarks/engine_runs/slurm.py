"""The same versions on this machine and on a Slurm cluster of two nodes: equal weights and tables, nothing
left behind, and one line for what goes wrong.

Steps of some trainings are made to wait a little, so that there is time to preempt, terminate or kill them;
that changes no weight.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.engine_runs.commands import SAME, awaited, chain, one_line, rows, run, started, weights
from benchmarks.engine_runs.slurm_cluster import Cluster, cluster, enable_lookups, lack
from medner_assets.corpus.jsonl import write_documents
from medner_assets.paths import PROJECT
from medner_assets.recipes.replicates import names_of
from medner_assets_tests.support.checkout import VERSION, Checkout, make_checkout
from medner_assets_tests.support.miniature import documents

__all__ = ["PHASES", "lack", "measure"]

_REPLICATES = 5
_LONG = VERSION.replace("epochs: 1", "epochs: 40")  # 160 steps
_PAUSE = """\
import os, time
pause = os.environ.get("MEDNER_BENCH_PAUSE")
if pause:
    from medner_assets.modeling.progress import Reporter
    report = Reporter.report
    def slowly(self, *arguments, **named):
        time.sleep(float(pause))
        return report(self, *arguments, **named)
    Reporter.report = slowly
if os.environ.get("MEDNER_BENCH_SILENT"):
    os.environ.pop("DAGSTER_PIPES_CONTEXT", None)
"""


def measure(folder: Path, results: dict[str, object], phase: str) -> None:
    """Note what was seen, by a name that says it; False where it was not so. phase: of `PHASES`, or empty."""
    enable_lookups()
    local, remote = make_checkout(folder / "local"), make_checkout(folder / "remote")
    for each in (local, remote):
        each.recipe("versions", "tiny-v1", f"{VERSION}replicates: {_REPLICATES}\n")
        each.recipe("versions", "long", _LONG)
        (each.root / "texts").mkdir()
        write_documents(each.root / "texts" / "notes.jsonl", documents(60))
    (remote.root / "sitecustomize.py").write_text(_PAUSE)
    slurm = {"MEDNER_ENGINE": "slurm", "MEDNER_SLURM_CPUS": "2"}
    seen = _On(local, remote, folder, slurm)
    with cluster(folder / "slurm") as there:
        slurm |= there.variables
        for name, each in PHASES.items():
            if phase in ("", name):
                each(seen, there, results)


class _On:
    """Two checkouts, one of which works on Slurm."""

    def __init__(self, local: Checkout, remote: Checkout, folder: Path, slurm: Mapping[str, str]) -> None:
        self.local, self.remote, self.folder, self.slurm = local, remote, folder, slurm

    def refused(self, reason: str, more: Mapping[str, str], version: str = "tiny-v1") -> str | bool:
        """Train with these settings; return the one line that tells why not, False where it is none."""
        ran = run(self.remote, {**self.slurm, **more}, "train", version, "--force")
        if not one_line(ran, reason):
            print(ran.stderr)
            return False
        return ran.stderr.strip().splitlines()[-1].replace(str(self.folder), "…")

    def train_long_here(self) -> None:
        """Train `long` on this machine, where that was not done before."""
        ran = run(self.local, {}, "train", "long")
        assert ran.returncode == 0, ran.stderr

    def training(self, more: Mapping[str, str], *asked: str) -> "subprocess.Popen[str]":
        """Start a training of `long` and return it once it has done some steps of its own."""
        file = self.remote.data / "work" / "long" / "training" / "scratch" / "progress.json"
        file.unlink(missing_ok=True)
        process = started(
            self.remote, {**self.slurm, "MEDNER_BENCH_PAUSE": "0.3", **more}, "train", "long", *asked
        )
        awaited(lambda: self.steps("long") > 4, 90)
        return process

    def steps(self, version: str) -> int:
        """How many steps the training of a version has done so far."""
        file = self.remote.data / "work" / version / "training" / "scratch" / "progress.json"
        return json.loads(file.read_text())["done"] if file.exists() else 0

    def lines(self, version: str) -> str:
        """The log of the last run of a version."""
        script = (
            "from medner_assets.launching import instance",
            "from dagster import RunsFilter",
            "with instance() as dagster:",
            f"    (run,) = dagster.get_runs(RunsFilter(tags={{'dagster/partition': {version!r}}}), limit=1)",
            "    print(*[e.user_message for e in dagster.all_logs(run.run_id)], sep='\\n')",
        )
        return self.remote.python(*script).out


def processes() -> list[int]:
    """Processes that train or annotate in this namespace."""
    found = subprocess.run(["pgrep", "-f", "medner_assets[.]modeling"], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


def same(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """One version on both engines."""
    found["seconds, train and evaluate, local"] = chain(seen.local, {})
    found["seconds, train and evaluate, slurm"] = chain(seen.remote, seen.slurm)
    found["equal weights and tables"] = weights(seen.local) == weights(seen.remote) and all(
        rows(seen.local, table).equals(rows(seen.remote, table)) for table in SAME
    )


def faults(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """What goes wrong is one line, and what was there before stays."""
    found["no sbatch: one line"] = seen.refused("there is no `squeue`", {"PATH": str(seen.folder)})
    nobody = seen.folder / "nobody.conf"
    nobody.write_text(
        "ClusterName=nobody\nSlurmctldHost=nobody(127.0.0.1)\nSlurmctldPort=9\nAuthType=auth/none\n"
    )
    found["no slurmctld: one line"] = seen.refused("Slurm does not answer", {"SLURM_CONF": str(nobody)})
    assert run(seen.remote, seen.slurm, "train", "tiny-v1").returncode == 0
    before = weights(seen.remote)
    found["a wrong partition: one line"] = seen.refused(
        "invalid partition specified: nope", {"MEDNER_SLURM_PARTITION": "nope"}
    )
    found["a wrong setting: one line"] = seen.refused(
        "there is no such setting", {"MEDNER_SLURM_PARTITON": "gpu"}
    )
    found["a limit above the partition's: one line"] = seen.refused(
        "waits for what will not come", {"MEDNER_SLURM_TIME": "100:00"}
    )
    found["killed for memory: one line"] = seen.refused("100M was asked for", {"MEDNER_SLURM_MEM": "100"})
    found["a time limit too short: one line"] = seen.refused(
        "time", {"MEDNER_SLURM_TIME": "1", "MEDNER_BENCH_PAUSE": "5"}, "long"
    )
    found["a lost channel of messages: one line"] = seen.refused(
        "the connection was lost", {"MEDNER_BENCH_SILENT": "1"}
    )
    found["a folder that is not shared: one line"] = unshared(seen, made=False)
    found["another folder of the same name on the node: one line"] = unshared(seen, made=True)
    found["nothing was lost by them, and no job is left"] = (
        weights(seen.remote) == before and not there.jobs()
    )


def unshared(seen: _On, *, made: bool) -> str | bool:
    """Train where MEDNER_DATA is a mount that no node has. made: whether nodes have the folder itself."""
    apart = seen.folder / f"apart-{made}"
    apart.mkdir()
    if made:
        (apart / "work" / "tiny-v1" / "training").mkdir(parents=True)
    argv = [sys.executable, "-m", "medner_assets.cli", "train", "tiny-v1"]
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"mount -t tmpfs none {apart} && exec {' '.join(argv)}"],
        cwd=seen.remote.root,
        env={**seen.remote.environment(), **seen.slurm, "MEDNER_DATA": str(apart)},
        capture_output=True,
        text=True,
    )
    last = (ran.stderr.strip().splitlines() or [""])[-1]
    if ran.returncode != 1 or "does not see" not in last or "Traceback" in ran.stderr:
        print(ran.stderr)
        return False
    return last.replace(str(seen.folder), "…")


def ends(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """A training is terminated, and one is preempted."""
    seen.train_long_here()
    process = seen.training({})
    process.send_signal(signal.SIGTERM)
    ended = awaited(lambda: not there.jobs() and not processes(), 10)
    process.wait(timeout=60)
    found["terminated: seconds until no job and no process is left"] = ended

    process = seen.training({})
    (job,) = there.jobs()
    node = there.told(job)[0]["NodeList"]
    at = seen.steps("long")
    there.ask("sbatch", "--partition=urgent", "--exclusive", f"--nodelist={node}", "--output=/dev/null",
              "--wrap=sleep 4")  # fmt: skip
    _, err = process.communicate(timeout=300)
    told = there.told(job)[0]
    found["preempted at step, of 160"] = at
    found["preempted, queued again by Slurm, goes on: equal weights"] = (
        process.returncode == 0
        and told["Restarts"] == "1"
        and "resuming from checkpoint" in seen.lines("long")
        and weights(seen.local, "long") == weights(seen.remote, "long")
    ) or bool(print(err))


def limits(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """A training that takes longer than a job may."""
    seen.train_long_here()
    limited = {**seen.slurm, "MEDNER_SLURM_TIME": "3", "MEDNER_BENCH_PAUSE": "0.8"}
    ran = run(seen.remote, limited, "train", "long", "--force")
    lines = seen.lines("long")
    found["its time limit was near, told, goes on in another job: equal weights"] = (
        ran.returncode == 0
        and "the time limit is near" in lines
        and "resuming from checkpoint" in lines
        and weights(seen.local, "long") == weights(seen.remote, "long")
    ) or bool(print(ran.stderr, lines))


def outages(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """The controller is down for a while, and a driver is killed."""
    seen.train_long_here()
    process = seen.training({}, "--force")
    there.stop()
    time.sleep(5)
    there.start()
    _, err = process.communicate(timeout=300)
    found["the controller was down for a while: equal weights"] = (
        process.returncode == 0 and weights(seen.local, "long") == weights(seen.remote, "long")
    ) or bool(print(err))

    process = seen.training({}, "--force")
    (orphan,) = there.jobs()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1)
    was_alive = orphan in there.jobs()
    again = run(seen.remote, seen.slurm, "train", "long", "--force")
    found["killed driver: its job is cancelled before the next, equal weights"] = (
        was_alive
        and again.returncode == 0
        and there.told(orphan)[0]["JobState"] == "CANCELLED"
        and not there.jobs()
        and weights(seen.local, "long") == weights(seen.remote, "long")
    ) or bool(print(again.stderr))


def arrays(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """Replicates and shards as job arrays."""
    ran = run(seen.local, {}, "train", "tiny-v1", "--replicates", str(_REPLICATES))
    assert ran.returncode == 0, ran.stderr
    asked = ("train", "tiny-v1", "--replicates", str(_REPLICATES), "--force")

    process = started(seen.remote, {**seen.slurm, "MEDNER_BENCH_PAUSE": "1"}, *asked)
    awaited(lambda: len(processes()) >= 2, 90)
    time.sleep(3)
    orphans = set(there.jobs())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    began = time.monotonic()
    ran = run(seen.remote, seen.slurm, *asked)
    found["seconds, an array of 5 replicates"] = round(time.monotonic() - began, 1)
    line = next(line for line in seen.lines("tiny-v1").splitlines() if " is Slurm job " in line)
    job = line.partition(" is Slurm job ")[2].partition(",")[0]
    found["an array of 5 replicates: equal weights"] = (
        ran.returncode == 0
        and len(there.told(job)) == _REPLICATES
        and {told["ArrayJobId"] for told in there.told(job)} == {job}
        and all(
            weights(seen.local, name) == weights(seen.remote, name)
            for name in names_of("tiny-v1", _REPLICATES)
        )
    ) or bool(print(ran.stderr))
    found["killed driver of an array: all its tasks are cancelled before the next"] = (
        len(orphans) == _REPLICATES and not there.jobs() and not processes()
    )

    asked = ("annotate", "tiny-v1", str(seen.remote.root / "texts"), "--shard-documents", "5", "--workers")
    ran = run(seen.local, {}, *asked[:2], str(seen.local.root / "texts"), *asked[3:], "2")
    assert ran.returncode == 0, ran.stderr
    ran = run(seen.remote, seen.slurm, *asked, "2")
    found["annotation, two workers as an array: equal shards"] = (
        ran.returncode == 0 and shards(seen.local) == shards(seen.remote)
    ) or bool(print(ran.stderr))


def shards(checkout: Checkout) -> dict[str, bytes]:
    """The files of all shards."""
    files = (checkout.data / "warehouse" / "annotations").rglob("*.parquet")
    return {file.name: file.read_bytes() for file in files if "_empty" not in str(file)}


def page(seen: _On, there: Cluster, found: dict[str, object]) -> None:
    """Run the lines of the page in a project of its own; only the shared folder's name is another."""
    lines = (PROJECT / "docs" / "scaling.md").read_text().partition("### Slurm")[2]
    lines = lines.partition("```bash\n")[2].partition("```")[0]
    made = make_checkout(seen.folder / "page")
    made.recipe("versions", "tiny-v1", f"{VERSION}replicates: {_REPLICATES}\n")
    (made.root / "notes").mkdir()
    write_documents(made.root / "notes" / "notes.jsonl", documents(20))
    ran = subprocess.run(
        ["bash", "-e", "-c", lines.replace("/shared/medner", str(made.data))],
        cwd=made.root,
        env={
            **made.environment(),
            **seen.slurm,
            "DAGSTER_HOME": str(made.root),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
    )
    found["each line of the set-up in docs/scaling.md runs"] = ran.returncode == 0 or bool(
        print(ran.stdout, ran.stderr)
    )


PHASES = {
    "same": same, "faults": faults, "ends": ends, "limits": limits, "arrays": arrays, "outages": outages,
    "page": page,
}  # fmt: skip
