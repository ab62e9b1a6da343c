"""Look at a report as people do, and make the pictures of docs/pictures from it and from the Dagster UI.

    python benchmarks/pictures.py [--report data/reports/tiny-v2-vs-tiny-v1.html] [--look FOLDER]
        [--axe axe.min.js] [--docs] [--ui]

Opens the report in a headless Chromium at 1440, 768 and 390 pixels, in both themes, and prints it as PDF;
with --look the pictures stay in FOLDER for a person's eyes. Exit 1 if the page complains, asks the network
for anything, is wider than the screen, or axe-core finds a serious problem (`npm pack axe-core` has the
file). --docs writes the small pictures and the sample report of docs/; --ui starts the Dagster UI of this
checkout for its pictures as well. Without --report, and without a report in data/, one of invented rows is
looked at.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.report_data import BASELINE, DATASET, POOR_READERS, VERSION, invented_tables
from medner_assets import paths
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.report import render_html, report_name
from medner_assets_tests.support.chromium import Chromium

PICTURES, SAMPLES = paths.PROJECT / "docs" / "pictures", paths.PROJECT / "docs" / "samples"
READY = "document.querySelector('#browser').dataset.ready"
WIDTHS, MAX_BYTES = (1440, 768, 390), 200_000
AXE = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
SECTIONS = {"loss": "loss", "errors": "errors", "documents": "documents"}
"""Picture → the section of the report that it shows."""


def main() -> None:
    """Look, print what was seen, exit 1 if it is not as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--report", type=Path, default=paths.reports() / report_name(VERSION, BASELINE))
    parser.add_argument("--look", type=Path, help="keep the pictures here")
    parser.add_argument("--axe", type=Path, help="axe.min.js of axe-core")
    parser.add_argument("--docs", action="store_true", help="write docs/pictures and docs/samples")
    parser.add_argument("--ui", action="store_true", help="with --docs: also those of the Dagster UI")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Chromium() as browser:
        folder = options.look or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        report = options.report if options.report.exists() else invented(Path(scratch) / "report.html")
        print(f"{report}: {report.stat().st_size / 1e3:.0f} kB")
        problems = look(browser, report, folder)
        if options.axe:
            problems += accessible(browser, report, options.axe.read_text("utf-8"))
        if options.docs:
            PICTURES.mkdir(exist_ok=True)
            problems += draw(browser, report)
            SAMPLES.mkdir(exist_ok=True)
            shutil.copyfile(report, SAMPLES / report_name(VERSION, BASELINE))
        if options.docs and options.ui:
            from benchmarks.pictures_of_ui import draw_ui

            problems += draw_ui(browser, PICTURES, VERSION)
        problems += [f"{file.name} is larger than {MAX_BYTES:,} bytes" for file in too_large()]
    for problem in problems:
        print(f"PROBLEM {problem}")
    sys.exit(int(bool(problems)))


def invented(file: Path, documents: int = 200) -> Path:
    """Write a report of invented rows and return its path."""
    inputs = inputs_from_frames(
        VERSION, BASELINE, DATASET, invented_tables(documents, POOR_READERS), Targets()
    )
    file.write_text(render_html(inputs), "utf-8")
    return file


def look(browser: Chromium, report: Path, folder: Path) -> list[str]:
    """Open the report at each width in each theme, keep what it looks like, and return what is wrong."""
    problems = []
    for dark in (False, True):
        for width in WIDTHS:
            name = f"{width}-{'dark' if dark else 'light'}"
            browser.open(report, width, dark=dark)
            browser.wait(READY)
            wide = browser.evaluate("document.documentElement.scrollWidth")
            complaints, requests = browser.complaints(), browser.requests()
            problems += [f"{name}: {complaint}" for complaint in complaints]
            problems += [f"{name}: asks for {url}" for url in requests if not url.startswith("file:")]
            if wide > width:
                problems.append(f"{name}: the page is {wide} pixels wide")
            browser.screenshot(folder / f"{name}.png")
            print(f"{name}: {len(complaints)} complaints, {len(requests) - 1} requests, {wide} pixels wide")
    browser.open(report)
    browser.wait(READY)
    browser.pdf(folder / "report.pdf")
    print(f"PDF: {(folder / 'report.pdf').stat().st_size / 1e3:.0f} kB")
    return problems


def accessible(browser: Chromium, report: Path, axe: str) -> list[str]:
    """Run axe-core in both themes and on a phone; return what it calls serious or critical."""
    problems = []
    for width, dark in ((1440, False), (1440, True), (390, False)):
        browser.open(report, width, dark=dark)
        browser.wait(READY)
        browser.evaluate(f"{axe}; 0")
        found = browser.evaluate(AXE)
        told = [f"{each['impact']} {each['id']} ({len(each['nodes'])}): {each['help']}" for each in found]
        print(f"axe-core, {width} pixels, {'dark' if dark else 'light'}: {'; '.join(told) or 'nothing'}")
        problems += [
            f"axe {each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary'][:300]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
    return problems


def draw(browser: Chromium, report: Path) -> list[str]:
    """Write the small pictures of the report; return the sections that it lacks."""
    missing = []
    for name, dark in (("report", False), ("report-dark", True)):
        browser.open(report, 1200, 800, dark=dark)
        browser.wait(READY)
        browser.picture(PICTURES / f"{name}.webp")
    for name, section in SECTIONS.items():
        browser.open(report, 1200, 800)
        browser.wait(READY)
        top = browser.evaluate(
            f"(e => e ? e.getBoundingClientRect().top + scrollY : null)(document.querySelector('#{section}'))"
        )
        if top is None:
            missing.append(f"the report has no section {section}")
            continue
        browser.picture(PICTURES / f"report-{name}.webp", max(int(top) - 10, 0), 700)
    browser.open(report, 390, 800)
    browser.wait(READY)
    browser.picture(PICTURES / "report-phone.webp")
    return missing


def too_large() -> list[Path]:
    """Return the pictures of docs/ that are larger than a page should load."""
    return [file for file in PICTURES.glob("*") if file.stat().st_size > MAX_BYTES]


if __name__ == "__main__":
    main()
