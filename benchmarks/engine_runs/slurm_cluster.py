"""A real Slurm of one controller and two nodes on loopback: munged, slurmctld and two slurmd, no accounting.

Needs root in a namespace of its own. Memory is enforced by looking at it each second, since cgroups are not
to be had everywhere; a job that is queued again waits six seconds, not two minutes.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
_CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MpiDefault=none
DefMemPerCPU=1500
GresTypes=gpu
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=4000 \\
  Gres=gpu:1 Feature=a100 State=UNKNOWN
PartitionName=gpu Nodes=n[1-2] Default=YES MaxTime=60 PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent Nodes=n[1-2] MaxTime=60 PriorityTier=10 PreemptMode=OFF
"""


def lack() -> str | None:
    """Return what this machine lacks for such a cluster; None: nothing."""
    if os.geteuid() != 0:
        return "a Slurm of its own needs root"
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{missing[0]} is not installed (Debian: slurm-wlm and munge)" if missing else None


def enable_lookups() -> None:
    """Give the namespace an address that is not 127.0.0.1: without one Slurm looks up no name at all."""
    subprocess.run(["ip", "address", "add", "127.0.0.2/32", "dev", "lo"], check=True)


class Cluster:
    """The cluster in `folder`; `variables` let Slurm's commands find it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.variables = {"SLURM_CONF": str(folder / "slurm.conf")}

    def ask(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it printed."""
        ran = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=True)
        return ran.stdout

    def start(self) -> None:
        """Start the controller."""
        subprocess.run(["slurmctld"], env=self._environment(), check=True)

    def stop(self) -> None:
        """Stop the controller; jobs go on."""
        file = self._folder / "slurmctld.pid"
        subprocess.run(["kill", file.read_text().strip()], check=True)
        while file.exists() and file.read_text().strip():
            time.sleep(0.1)

    def jobs(self, more: str = "") -> dict[str, str]:
        """Return the state of each job that is not over, array tasks one by one."""
        lines = self.ask("squeue", "--noheader", "--array", f"--format=%i {more or '%T'}").splitlines()
        return {job: rest for job, _, rest in (line.partition(" ") for line in lines)}

    def told(self, job: str) -> list[dict[str, str]]:
        """Return what the controller says of a job, a dict for each of its tasks."""
        lines = self.ask("scontrol", "show", "job", "--oneliner", job).splitlines()
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, **self.variables}


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run the cluster for the length of the block. The namespace's end ends what is left of it."""
    for name in ("state", "n1", "n2", "munge"):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    munge = folder / "munge"
    subprocess.run(
        ["munged", "--force", f"--socket={munge}/socket", f"--key-file={key}", f"--pid-file={munge}/pid",
         f"--log-file={munge}/log", f"--seed-file={munge}/seed"],
        check=True, capture_output=True,
    )  # fmt: skip
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(_CONF.format(folder=folder, host=host))
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")  # none is there: it is only counted
    made = Cluster(folder)
    made.start()
    for node in ("n1", "n2"):
        subprocess.run(["slurmd", "-N", node], env={**os.environ, **made.variables}, check=True)
    give_up = time.monotonic() + 20
    while made.ask("sinfo", "--noheader", "--format=%D %t", "--partition=gpu").strip() != "2 idle":
        if time.monotonic() > give_up:
            raise TimeoutError(made.ask("sinfo"))
        time.sleep(0.5)
    yield made
