"""Ranking of a handful of candidates around one place. For a live index of positions see `geo.grid`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Protocol, TypeVar

from geo.distance import metres_fast
from geo.point import Point


class Key(Hashable, Protocol):
    """What can name a candidate: hashable, and ordered so that ties have one answer (str, int, UUID)."""

    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=Key)


def rank(candidates: Iterable[tuple[K, Point]], target: Point, radius_m: float, count: int) -> list[tuple[K, float]]:
    """The nearest `count` candidates within `radius_m` (edge included) as (key, metres), nearest first.

    Equal distances are settled by key, so the answer never depends on the order of the candidates. A key
    given twice is ranked twice. Metres as `distance.metres_fast`: within 1 mm of the geodesic up to 30 km.

    Raises: ValueError for a negative or NaN radius or a negative count.
    """
    check_reach(radius_m, count)
    near = ((metres_fast(place, target), key) for key, place in candidates)
    return [(key, far_m) for far_m, key in sorted(pair for pair in near if pair[0] <= radius_m)[:count]]


def check_reach(radius_m: float, count: int) -> None:
    """Raises: ValueError when no circle or no number of candidates is meant."""
    if not radius_m >= 0.0:
        raise ValueError(f"A radius is zero or more metres, not {radius_m!r}.")
    if count < 0:
        raise ValueError(f"A count is zero or more, not {count!r}.")
