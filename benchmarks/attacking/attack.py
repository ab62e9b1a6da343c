"""What one attack is: a sentence that must stay true, and what tries to make it false.

Each side of medner has a module beside this one (`ui`, `sql`, `catalogue`, `files`) with a function
`attacks() -> Iterable[Attack]`. It may be a generator that holds something open, such as a running UI, while
its attacks are tried; it is always closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medner_assets_tests.support.checkout import Checkout

Seen = tuple[bool, str]
"""Whether the sentence held, and what was seen, in a few words: a status, the one line, a file."""


@dataclass(frozen=True)
class Attack:
    """One attempt.

    threat: a heading of docs/security.md. name: the sentence that holds where the attack fails, such as
    "a query behind nested comments writes no file". run: tries it on a copy of a checkout that no other
    attack sees and that is removed afterwards; an exception of it counts as not held. It leaves no process
    behind and reaches nothing but loopback.
    """

    threat: str
    name: str
    run: "Callable[[Checkout], Seen]"
