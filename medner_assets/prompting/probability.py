"""How probable a line of a completion was to the model that wrote it.

The probability of an entity is that of its line behind the list number, given all that stands before: the
tokens of the type and the mention, multiplied. Of a relation likewise: head, type and tail. What ends the
line does not count: it says whether another line follows as much as it says that this one is whole. Why, and
what else could be multiplied: docs/confidence.md.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from medner_assets.schema import Place


@dataclass(frozen=True, slots=True)
class TokenProbabilities:
    """The tokens of one completion, in order.

    starts: the character at which each begins, never falling. log_probabilities: natural logarithms, of each
    token given those before it. offset: where the completion begins among these characters.
    """

    starts: Sequence[int]
    log_probabilities: Sequence[float]
    offset: int = 0

    @classmethod
    def of(
        cls, starts: Sequence[int] | None, log_probabilities: Sequence[float] | None, offset: int = 0
    ) -> "TokenProbabilities | None":
        """Return the tokens, or None where they were not kept: nothing has a probability then."""
        return None if starts is None or log_probabilities is None else cls(starts, log_probabilities, offset)

    def at(self, place: Place) -> float:
        """Return the probability of what stands at `place`: the product over the tokens that begin in it.

        A token that crosses a border counts where it begins. Empty places, where nothing begins, have 1.
        """
        first, last = (bisect_left(self.starts, self.offset + border) for border in place)
        return exp(sum(self.log_probabilities[first:last]))
