"""Speaks as `modeling.inference.serve` does, and loads nothing: each text is its own answer.

The job says what it is called (`version`), how long a text takes (`seconds`), and why it cannot start
(`fails`). The text `die` ends the process while there are lives in the file that the job names (`lives`).
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    job = json.loads(sys.stdin.readline())
    if job.get("fails"):
        sys.exit(job["fails"])
    _tell({"ready": True})
    for line in sys.stdin:
        for number, text in json.loads(line).get("ask", ()):
            if text == "die" and _spent(Path(job["lives"])):
                os._exit(9)
            time.sleep(job.get("seconds", 0))
            _tell({"number": number, "document": {"id": "", "text": text, "by": job["version"]}})


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _spent(lives: Path) -> bool:
    left = int(lives.read_text())
    lives.write_text(str(max(left - 1, 0)))
    return left > 0


if __name__ == "__main__":
    main()
