"""The frame of a medner process: Pipes where Dagster started it, quiet libraries, one clear last line on a
mistake."""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets.errors import MednerError
from medner_assets.modeling.progress import Log, StandardError
from medner_assets.modeling.start_up import without_compiler, without_learners

# Nothing leaves the machine and nothing is reported: set before any library is imported that reads them.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "UNSLOTH_DISABLE_STATISTICS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "BITSANDBYTES_NOWELCOME": "1",
    # Threads that wait sleep: by default they spin, which on a machine with other work made training 3 times
    # slower (two threads, load 4).
    "OMP_WAIT_POLICY": "PASSIVE",
    # Before they sleep they look around a thousand times: a step of many short products takes a sixth less
    # time on an idle machine, and no more on a busy one (ten thousand times: half more).
    "GOMP_SPINCOUNT": "1000",
    # oneDNN keeps a compiled product for each shape that it met, by default 1,024 of them: hundreds of MB
    # when batches differ in length, and no time saved (benchmarked over 150 steps of the embedded base).
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32",
}


FINISHED = {"medner": "finished"}
"""What a process that has succeeded says to Dagster last."""


def _no_bars() -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()


def _tell_torchrun(line: str) -> None:
    """Leave the line where torchrun looks for the reason of a process that failed."""
    file = os.environ.get("TORCHELASTIC_ERROR_FILE")
    if file:
        Path(file).write_text(json.dumps({"message": line, "timestamp": "0"}), encoding="utf-8")


@contextmanager
def process(
    *, reports: bool = True, first: Callable[[], None] | None = None, compiles: bool = True
) -> Iterator[Log]:
    """Run the body of a process; yield its log. A MednerError becomes exit code 1 with its line as the last
    one.

    reports: whether Dagster, where it listens, hears of this process. Of several that torchrun started it
    hears of the first. first: runs before any heavy library is imported. compiles: whether it may compile
    models or be one of several; one that does neither starts sooner.
    """
    speaks = int(os.environ.get("RANK", "0")) == 0
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    # The group of this process is stopped with SIGINT first; Python's default turns it into
    # KeyboardInterrupt.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        if first is not None:
            first()
        _no_bars()
        without_learners()
        if not compiles:
            without_compiler()
        if "DAGSTER_PIPES_CONTEXT" in os.environ and reports and speaks:
            from dagster_pipes import open_dagster_pipes

            with open_dagster_pipes() as pipes:
                yield pipes.log
                # The last of all messages: where it did not arrive, others may be missing too.
                pipes.report_custom_message(FINISHED)
        else:
            yield StandardError()
    except MednerError as error:
        _tell_torchrun(str(error))
        if speaks:
            sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except Exception as error:
        # Of several processes one is asked for the reason. It is read like the last line of a trace; the
        # error's own words are left out, since they may quote a document.
        _tell_torchrun(f"{type(error).__name__}: in one of the processes that train together")
        raise
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the last checkpoint is kept\n")
        sys.exit(130)
