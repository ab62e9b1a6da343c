"""What a target of the fuzzer is: a case that draws from a generator, and what ends a chunk."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from medner_assets.errors import MednerError


def _nothing(rng: Random) -> None:
    return


@dataclass(frozen=True, slots=True)
class Cases:
    """`case` returns what came of one input, in a word or two; whatever it raises is a finding."""

    case: Callable[[Random], str]
    finish: Callable[[Random], None] = _nothing


def refused(error: MednerError, file: Path | None = None) -> str:
    """Return the outcome of a refusal; it must be one line that names the file and can be written down."""
    message = str(error)
    assert message.strip(), "a refusal without a reason"
    assert "\n" not in message, "a refusal of several lines"
    assert len(message) < 2000, f"a refusal of {len(message)} characters"
    json.dumps(message, ensure_ascii=False).encode("utf-8")
    assert file is None or file.stem in message, "a refusal that does not name its file"
    return "refused"
