"""Documents through every format and back, a text of 1 MB, 20 shards with kills; at most 15 minutes.

    python benchmarks/scale.py [--only trips|predict|annotate]

Prints what was seen and writes results/scale.json; exits with 1 where something that must hold does not.
Works on a copy of the checkout in a temporary folder. Ray is measured by `engines.py`.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scaling.reading import long_text
from benchmarks.scaling.round_trips import round_trips
from benchmarks.scaling.shards import shards
from benchmarks.scaling.versions import trained_checkout

RESULTS = Path(__file__).resolve().parent / "results" / "scale.json"
MEASURES = {"predict": long_text, "annotate": shards}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("trips", *MEASURES))
    only = parser.parse_args().only
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="medner-scale-") as folder:
        if only in (None, "trips"):
            results["round trips"] = trips = round_trips(Path(folder))
            print(f"{'format':<14}{'documents':>10}{'the same':>10}{'mentions':>10}{'back':>8}  lost")
            for name, row in trips.items():
                counts = f"{row['documents']:>10}{row['same']:>10}{row['mentions']:>10}{row['back']:>8}"
                print(f"{name:<14}{counts}  {row['lost']}")
                if row["same"] != row["documents"]:
                    failed.append(f"round trip of {name}")
        if only != "trips":
            checkout = trained_checkout(Path(folder) / "checkout")
            for name in MEASURES if only is None else (only,):
                results[name], wrong = MEASURES[name](checkout)
                failed += wrong
                print(f"\n{name}")
                for what, value in results[name].items():
                    print(f"  {what:<62}{value}")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    if failed:
        sys.exit("does not hold: " + "; ".join(failed))


if __name__ == "__main__":
    main()
