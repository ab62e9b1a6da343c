"""Attacks on medner, as an intruder would try them: on the UI, on SQL, on the catalogue, on files.

    python benchmarks/attack.py [--only ui,sql,catalogue,files]

Each attack has a copy of a checkout of its own in a temporary folder; nothing but loopback is reached. Prints
a line an attack, writes results/attack.json, and exits with 1 when one got in. The sides are tried beside
each other. Bounded at 10 minutes.
"""

import argparse
import importlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.attacking.attack import Attack
from medner_assets_tests.support.checkout import Checkout, make_checkout

RESULTS = Path(__file__).parent / "results" / "attack.json"
SIDES = ("ui", "sql", "catalogue", "files")
ALL_SECONDS = 10 * 60.0


def tried(attack: Attack, root: Path, base: Path) -> tuple[bool, str]:
    """Try an attack on a copy of a checkout, and return whether medner held and what was seen."""
    shutil.copytree(base, root)
    try:
        return attack.run(Checkout(root))
    except Exception as error:  # noqa: BLE001 - whatever breaks, nothing was shown to hold
        return False, f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(root)


def attacks_of(side: str) -> Iterator[Attack]:
    """Yield the attacks on one side, and let go of what they held."""
    found = iter(importlib.import_module(f"benchmarks.attacking.{side}").attacks())
    if hasattr(found, "close"):
        with closing(found):
            yield from found
    else:
        yield from found


def tried_on(side: str, folder: Path, base: Path, until: float) -> list[dict[str, Any]]:
    """Try the attacks on one side; return a row each. One that had no time was not shown to hold."""
    rows = []
    for number, attack in enumerate(attacks_of(side)):
        held, seen = False, f"not tried within {ALL_SECONDS:.0f} s"
        if time.monotonic() < until:
            held, seen = tried(attack, folder / f"{side}-{number}", base)
        seen = " ".join(seen.replace(str(folder), "TEMPORARY").split())
        print(f"{'held  ' if held else 'GOT IN'}  {side}: {attack.name}: {seen}", flush=True)
        rows.append({"side": side, "threat": attack.threat, "name": attack.name, "held": held, "seen": seen})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SIDES), help="sides, separated by commas")
    sides = parser.parse_args().only.split(",")
    unknown = sorted(set(sides) - set(SIDES))
    if unknown:
        parser.error(f"no side {', '.join(unknown)}: choose from {', '.join(SIDES)}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="medner-attack-") as name:
        folder = Path(name)
        base = make_checkout(folder / "base").root
        chosen = [each for each in SIDES if each in sides]
        with ThreadPoolExecutor(len(chosen)) as pool:
            tried_of = pool.map(lambda side: tried_on(side, folder, base, began + ALL_SECONDS), chosen)
            rows = [row for side_rows in tried_of for row in side_rows]
    got_in = sum(not row["held"] for row in rows)
    seconds = round(time.monotonic() - began)
    print(f"{len(rows)} attacks, {got_in} got in, {seconds} s")
    if sides == list(SIDES):
        found = {"attacks": rows, "got_in": got_in, "seconds": seconds}
        RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=True) + "\n")
    sys.exit(1 if got_in else 0)


if __name__ == "__main__":
    main()
