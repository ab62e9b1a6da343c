"""Does the text say which pair is related? A test that neither names nor counts can pass.

A stratum is one document and one pair of types, with related and unrelated pairs in it. A linear model of
the words between and around ranks the pairs of documents that it has not seen; the ranking is compared
with the labels inside each stratum only. Where labels were drawn without looking at the text, every order
inside a stratum is equally likely, whatever the entities are called and however many there are: the area
under the curve is then 0.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medner_assets.audit.context import contexts
from medner_assets.audit.figures import Figure
from medner_assets.audit.nodes import Nodes
from medner_assets.audit.pairs import Pairs, candidate_pairs, sampled
from medner_assets.audit.probes import hashed, linear_model
from medner_assets.audit.scores import group_numbers, resample_weights
from medner_assets.scoring.normalising import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medner_assets.audit.pairs import PairSchema

BLOCKS, TEACHING = 10, 3
"""Documents are ranked block by block, by a model of all blocks before; the first three only teach."""
ENOUGH_PAIRS = 40_000
"""More candidate pairs than this are not looked at: documents are then drawn until there are as many."""


@dataclass(frozen=True, slots=True)
class WithinDocument:
    """The result of the test; `auc`, `low`, `high`, `z` are None where there is no stratum."""

    auc: float | None
    low: float | None
    high: float | None
    """95 % interval of `auc`, bootstrap over groups of documents."""
    z: float | None
    """Standard deviations of the permutation distribution between `auc` and 0.5."""
    strata: int
    pairs: int
    """Candidate pairs that were ranked, inside strata or not."""

    def figures(self) -> list[Figure]:
        """Return the rows of table `audits`."""
        meaning = (
            "chance that the text ranks a related pair above an unrelated one of the same document and types"
        )
        return [
            Figure("within_document", "auc", self.auc, meaning, "", self.low, self.high),
            Figure("within_document", "z", self.z, "permutation test: standard deviations above 0.5"),
            Figure(
                "within_document", "strata", self.strata, "documents and type pairs with both kinds of pairs"
            ),
            Figure("within_document", "pairs", self.pairs, "candidate pairs ranked"),
        ]


def within_document(documents: Sequence[Nodes], schema: "PairSchema", seed: int) -> WithinDocument:
    """Run the test over all documents, each but the first three tenths ranked by earlier ones."""
    chosen = sampled(_distinct(documents), schema, ENOUGH_PAIRS, seed)
    pairs = candidate_pairs(chosen, schema)
    if not pairs.rows:
        return WithinDocument(None, None, None, None, 0, 0)
    groups = group_numbers(chosen)
    scores = _scores_in_turn(pairs, groups, seed)
    ranked = ~np.isnan(scores)
    if not ranked.any():
        return WithinDocument(None, None, None, None, 0, 0)
    return concordance(
        scores[ranked], pairs.related[ranked], pairs.document[ranked], pairs.kind[ranked], groups, seed
    )


def concordance(
    scores: "NDArray[np.float64]",
    related: "NDArray[np.bool_]",
    document: "NDArray[np.int64]",
    kind: "NDArray[np.int64]",
    groups: "NDArray[np.int64]",
    seed: int,
) -> WithinDocument:
    """Compare scores with labels inside strata; all arrays (pairs,), but groups (documents,).

    The strata are combined with the weights of van Elteren (1960), related × unrelated / (pairs + 1). The
    mean and variance of the statistic over all permutations of labels inside strata are those of Mann and
    Whitney, with ties.
    """
    from scipy.stats import rankdata

    order = np.lexsort((kind, document))
    stratum = document[order] * (int(kind.max()) + 1) + kind[order]
    borders = np.flatnonzero(np.diff(stratum)) + 1
    weights, areas, variances, owners = [], [], [], []
    for members in np.split(order, borders):
        positive = related[members]
        ones, size = int(positive.sum()), len(members)
        if ones in (0, size):
            continue
        ranks = rankdata(scores[members])
        products = ones * (size - ones)
        _, ties = np.unique(ranks, return_counts=True)
        tied = float((ties**3 - ties).sum())
        weights.append(products / (size + 1))
        areas.append((float(ranks[positive].sum()) - ones * (ones + 1) / 2) / products)
        variances.append((size + 1 - tied / (size * (size - 1))) / (12 * products))
        owners.append(int(document[members[0]]))
    if not weights:
        return WithinDocument(None, None, None, None, 0, len(related))
    weight, area = np.array(weights), np.array(areas)
    auc = float((weight * area).sum() / weight.sum())
    spread = float(np.sqrt((weight**2 * np.array(variances)).sum()) / weight.sum())
    drawn = resample_weights(_renumbered(groups[np.array(owners)]), seed) * weight
    totals = drawn.sum(axis=1)
    resampled = (drawn @ area)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(resampled, (0.025, 0.975))
    z = (auc - 0.5) / spread if spread else None
    return WithinDocument(auc, float(low), float(high), z, len(weights), len(related))


def _scores_in_turn(pairs: Pairs, groups: "NDArray[np.int64]", seed: int) -> "NDArray[np.float64]":
    """Return (pairs,) scores, each by a model of earlier blocks of groups; NaN in the blocks that only teach.

    Not cross-validation: there each block also teaches the models that rank the others, their results are
    correlated, and labels drawn at random fall outside a 95 % interval twice as often as they should.
    """
    matrix, related = hashed(contexts(pairs)), pairs.related
    order = np.random.default_rng(seed).permutation(int(groups.max()) + 1)
    block = order[groups][pairs.document] % BLOCKS
    scores = np.full(len(related), np.nan)
    for each in range(TEACHING, BLOCKS):
        before, held = block < each, block == each
        scores[held] = 0.0
        if held.any() and related[before].any() and not related[before].all():
            scores[held] = linear_model(matrix[before], related[before], seed)(matrix[held])
    return scores


def _distinct(documents: Sequence[Nodes]) -> list[Nodes]:
    """Keep the first of the documents with the same text: its strata are no independent evidence."""
    return list({normalise(each.document.text): each for each in reversed(documents)}.values())[::-1]


def _renumbered(groups: "NDArray[np.int64]") -> "NDArray[np.int64]":
    return np.unique(groups, return_inverse=True)[1]
