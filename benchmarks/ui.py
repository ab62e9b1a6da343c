"""A day in the Dagster UI, driven as a person does: by clicks in a browser, asserting what the pages say.

    python benchmarks/ui.py [--look FOLDER] [--output FILE]

Starts `medner ui` of a miniature project of its own (the base has two layers, so that a training takes
seconds), makes a version, terminates a run and executes it again, materialises everything, edits a recipe,
breaks one, turns a schedule on, and opens the report. Prints a line a step; exits 1 if a page says otherwise.
Needs Playwright (`pip install playwright`) and a Chromium of the system's (`apt install chromium`).
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.day_in_the_ui import STEPS, Person
from medner_assets_tests.support.checkout import VERSION, make_checkout
from medner_assets_tests.support.live import running

_LARGE = "summary: a base for a large GPU\npath: base\nminimum_gpu_gib: 100000\nlicence: CC0-1.0\n"
LONG = VERSION.replace("epochs: 1", "epochs: 1000")


def main() -> None:
    """Go through the day, and write what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--look", type=Path, help="keep a picture of each step here")
    parser.add_argument("--output", type=Path, help="write the steps and their seconds here, as JSON")
    options = parser.parse_args()
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("Playwright is missing: pip install 'medner[browser]'")
    if binary is None:
        sys.exit("there is no Chromium: apt install chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        checkout = project(Path(scratch) / "project")
        folder = options.look or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        with running(checkout) as live:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(60_000)
            found = gone_through(Person(live, page, folder))
        browser.close()
    load = os.getloadavg()[0]
    failed = [each for each in found if not each["held"]]
    print(f"{len(found)} steps, {len(failed)} failed; load {load:.1f} at the end")
    if options.output:
        options.output.write_text(json.dumps({"steps": found, "load": round(load, 1)}, indent=1) + "\n")
    sys.exit(int(bool(failed)))


def project(root: Path) -> Any:
    """Return a project with two versions, one that takes long, and one that cannot be made on any machine."""
    checkout = make_checkout(root)
    checkout.recipe("versions", "long", LONG)
    checkout.recipe("base_models", "large", _LARGE)
    checkout.recipe("versions", "on-gpu", "summary: x\nbaseline: tiny-v1\nbase_model: large\n")
    schedules = root / "medner_assets" / "defs" / "automation" / "schedules.py"
    schedules.write_text(schedules.read_text().replace('"0 2 * * 0"', '"* * * * *"'))
    return checkout


def gone_through(person: Person) -> list[dict[str, Any]]:
    """Do every step, also after one that failed, and say what came of each."""
    found = []
    for number, step in enumerate(STEPS, 1):
        began = time.monotonic()
        reason = _failure(step, person)
        person.picture(f"{number:02d}-{step.__name__}")
        seconds = round(time.monotonic() - began, 1)
        name = step.__name__.replace("_", " ")
        print(f"{'✗' if reason else '✓'} {name} ({seconds} s){f': {reason}' if reason else ''}", flush=True)
        found.append({"step": name, "held": not reason, "seconds": seconds, "reason": reason})
    return found


def _failure(step: Callable[[Person], None], person: Person) -> str:
    """Do one step; return why it failed, in one line."""
    from playwright.sync_api import Error

    try:
        step(person)
    except (AssertionError, Error) as error:
        return " ".join(str(error).split())[:400] or "an assertion of this file"
    return ""


if __name__ == "__main__":
    main()
