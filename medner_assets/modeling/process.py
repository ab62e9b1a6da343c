"""The frame of a medner process: Pipes where Dagster started it, quiet libraries, one clear last line on a
mistake."""

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medner_assets.environment import be_quiet, is_first, speaks_with_dagster, torchrun_error_file
from medner_assets.errors import MednerError
from medner_assets.modeling.progress import Log, StandardError
from medner_assets.modeling.start_up import without_compiler, without_learners
from medner_assets.modeling.time_limit import OUT_OF_TIME, OutOfTime, listen_for_notice

FINISHED = {"medner": "finished"}
"""What a process that has succeeded says to Dagster last."""


def _no_bars() -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()


def _tell_torchrun(line: str) -> None:
    """Leave the line where torchrun looks for the reason of a process that failed."""
    file = torchrun_error_file()
    if file:
        Path(file).write_text(json.dumps({"message": line, "timestamp": "0"}), encoding="utf-8")


@contextmanager
def process(
    *,
    reports: bool = True,
    first: Callable[[], None] | None = None,
    compiles: bool = True,
    models: bool = True,
) -> Iterator[Log]:
    """Run the body of a process; yield its log. A MednerError becomes exit code 1 with its line as the last
    one.

    reports: whether Dagster, where it listens, hears of this process. Of several that torchrun started it
    hears of the first. first: runs before any heavy library is imported. compiles: whether it may compile
    models or be one of several; one that does neither starts sooner. models: whether it loads any; one that
    does not needs none of their libraries.
    """
    speaks = is_first()
    be_quiet()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    # The group of this process is stopped with SIGINT first; Python's default turns it into
    # KeyboardInterrupt.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    listen_for_notice()
    try:
        if first is not None:
            first()
        if models:
            _no_bars()
            without_learners()
            if not compiles:
                without_compiler()
        if speaks_with_dagster() and reports and speaks:
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
    except OutOfTime:
        _tell_torchrun("stopped before its time limit")
        sys.stderr.write("stopped before its time limit; the same command goes on from here\n")
        sys.exit(OUT_OF_TIME)
    except Exception as error:
        # Of several processes one is asked for the reason. It is read like the last line of a trace; the
        # error's own words are left out, since they may quote a document.
        _tell_torchrun(f"{type(error).__name__}: in one of the processes that train together")
        raise
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the last checkpoint is kept\n")
        sys.exit(130)
