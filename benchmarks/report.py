"""How large a report is, how quick it opens and filters: 10,000 documents, 100,000 errors, headless Chromium.

    python benchmarks/report.py [--documents 10000] [--keep FILE]

Data is invented (report_data.py). Needs Chromium and `websockets`. Writes results/report.json beside it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.report_data import BASELINE, DATASET, POOR_READERS, VERSION, invented_tables
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.report import render_html
from medner_assets_tests.support.chromium import Chromium

READY = "document.querySelector('#browser').dataset.ready"
FILTERS = {
    "error class": {"error": "3"},
    "entity type": {"type": "0:1"},
    "regressions": {"change": "regression"},
    "search": {"search": "patient"},
    "search that finds nothing": {"search": "zzzzzz"},
    "task, class and order": {"task": "1", "error": "6", "order": "regressions"},
}
SET = """
(values => {
  const form = document.querySelector('#browser form');
  form.reset();
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  const begun = performance.now();
  form.dispatchEvent(new Event('input'));
  document.body.getBoundingClientRect();
  return [performance.now() - begun, document.querySelector('#browser .count').textContent];
})(%s)
"""


def main() -> None:
    """Measure and print; exit 1 if a limit is broken."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=10_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--keep", type=Path, help="write the report here and keep it")
    options = arguments.parse_args()
    tables = invented_tables(options.documents, POOR_READERS)
    errors = sum(
        int(tables[name].filter(stage="final").select("fp", "fn").sum().sum_horizontal().item())
        for name in ("entity_outcomes", "relation_outcomes")
    )
    inputs = inputs_from_frames(VERSION, BASELINE, DATASET, tables, Targets())
    begun = time.perf_counter()
    page = render_html(inputs)
    rendered = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        file = options.keep or Path(folder) / "report.html"
        file.write_text(page, "utf-8")
        opened, first = [], []
        for _ in range(options.runs):
            browser.open(file)
            browser.wait(READY)
            opened.append(float(browser.evaluate(READY)))
            first.append(float(browser.evaluate(READY.replace("ready", "first"))))
        filters = {}
        for name, values in FILTERS.items():
            times = [browser.evaluate(SET % json.dumps(values)) for _ in range(options.runs)]
            filters[name] = {"ms": statistics.median(each[0] for each in times), "shows": times[0][1]}
        complaints, requests = browser.complaints(), browser.requests()
    result = {
        "documents": options.documents,
        "errors": errors,
        "bytes": len(page.encode()),
        "render_seconds": rendered,
        "first_document_ms": statistics.median(first),
        "open_ms": statistics.median(opened),
        "filters": filters,
        "console_errors": complaints,
        "requests": len(requests),
    }
    size = f"{result['bytes'] / 1e6:.2f} MB, {rendered:.1f} s to write"
    print(f"{options.documents:,} documents, {errors:,} errors, {size}")
    print(f"first document after {result['first_document_ms']:.0f} ms, all after {result['open_ms']:.0f} ms")
    for name, each in filters.items():
        print(f"  {name:28} {each['ms']:6.1f} ms   {each['shows']}")
    print(f"console errors: {len(complaints)}, requests beside the file itself: {len(requests) - 1}")
    (Path(__file__).parent / "results" / "report.json").write_text(json.dumps(result, indent=2) + "\n")
    slow = result["open_ms"] > 2000 or any(each["ms"] > 100 for each in filters.values())
    sys.exit(1 if slow or complaints or len(requests) != 1 or result["bytes"] > 5_000_000 else 0)


if __name__ == "__main__":
    main()
