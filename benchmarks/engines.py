"""One version on this machine, on a Ray cluster and on a Slurm cluster, of two nodes each: equal weights and
tables, and nothing left behind. `python benchmarks/engines.py [ray] [slurm]`; without a name, both.
`slurm:arrays` measures one phase alone, beside what is stored of the others.

Each cluster has a loopback and process numbers of its own (`unshare`, Linux); what is not installed here is
not measured, and said so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.engine_runs import ray, slurm

RESULTS = Path(__file__).parent / "results"
INSIDE = "MEDNER_BENCH_NAMESPACE"
# slurmd drops groups of the jobs' user, which a user namespace forbids: it needs root as it is.
PARTS = {
    "ray": (ray, ["unshare", "-rnpf", "--mount-proc"], "engines.json"),
    "slurm": (slurm, ["unshare", "-npf", "--mount-proc"], "engines_slurm.json"),
}


class _Told(dict[str, object]):
    """Results that are printed as they come."""

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, value)
        print(f"{name:<72} {value}", flush=True)


def main() -> None:
    """Measure the engines that are named and installed; exit 1 where something was not as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    asked: list[str] = parser.parse_args().parts or list(PARTS)
    if unknown := [each for each in asked if each.partition(":")[0] not in PARTS]:
        parser.error(f"{unknown[0]}: name {' or '.join(PARTS)}")
    if os.environ.get(INSIDE):
        sys.exit(not measure(asked[0]))
    codes = []
    for part in asked:
        module, namespace, _ = PARTS[part.partition(":")[0]]
        if lacking := "unshare is not installed" if shutil.which("unshare") is None else module.lack():
            print(f"{part}: not measured, {lacking}")
            continue
        command = [*namespace, sys.executable, __file__, part]
        codes.append(subprocess.call(command, env={**os.environ, INSIDE: "1"}))
    sys.exit(any(codes))


def measure(part: str) -> bool:
    """Measure one engine in its namespace, print and store what was seen; tell whether all is as promised."""
    name, _, phase = part.partition(":")
    module, _, file = PARTS[name]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(prefix=f"medner-{name}-", ignore_cleanup_errors=True) as folder:
        results = _Told()
        module.measure(Path(folder), results, phase)
    before = json.loads((RESULTS / file).read_text()) if phase and (RESULTS / file).exists() else {}
    (RESULTS / file).write_text(json.dumps({**before, **results}, indent=1) + "\n")
    return all(value is not False for value in results.values())


if __name__ == "__main__":
    main()
