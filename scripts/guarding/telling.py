"""Can two kinds of answers be told apart by their time? The area under the curve of a classifier, Mann and Whitney's
test; and whether symbols are drawn evenly, by chi square."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

AUC_MAX: Final = 0.55
P_MIN: Final = 0.01


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """The share of pairs of which a classifier by time alone tells right which is which: 0.5 says nothing, 1 all.
    Whichever way round it is. Raises: ValueError: nothing to compare."""
    if not one or not other:
        raise ValueError("nothing was timed")
    ranks = _ranks(np.concatenate([np.asarray(one, dtype=float), np.asarray(other, dtype=float)]))
    below = float(ranks[: len(one)].sum()) - len(one) * (len(one) + 1) / 2
    share = below / (len(one) * len(other))
    return max(share, 1.0 - share)


def mann_whitney_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided, by the normal approximation, which is good from some twenty of each on."""
    away = (auc(one, other) - 0.5) * len(one) * len(other)
    spread = math.sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return math.erfc(away / spread / math.sqrt(2))


def even(counts: Sequence[int]) -> float:
    """The p of chi square against equal shares, by Wilson and Hilferty's approximation."""
    share, free = sum(counts) / len(counts), len(counts) - 1
    squares = sum((count - share) ** 2 / share for count in counts)
    z = ((squares / free) ** (1 / 3) - (1 - 2 / (9 * free))) / math.sqrt(2 / (9 * free))
    return 0.5 * math.erfc(z / math.sqrt(2))


def _ranks(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """1 for the least; equal ones share the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)
