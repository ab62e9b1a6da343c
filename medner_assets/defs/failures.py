"""The boundary between the core's errors and Dagster's: a user's mistake fails an asset with its one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from medner_assets.defs.shared import bring
from medner_assets.errors import MednerError


@contextmanager
def clear_failures() -> Iterator[None]:
    """Turn a MednerError into a failure that shows its line in place of a trace, and is never retried.

    Also a decorator of an asset's or a check's function. What other machines have made is brought before.
    """
    try:
        bring()
        yield
    except MednerError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
