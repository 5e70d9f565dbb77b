"""What counting needs from outside, as promises."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Shared(NamedTuple):
    """`day`: the fleet's key of the day with its generation. `totals`, `before`: of the present window and the one
    before it, in the order in which they were asked."""

    day: bytes
    totals: list[int]
    before: list[int]


class SharedCounts(Protocol):
    """Counts of the whole fleet. All of it may be lost at any moment."""

    async def add(self, day: int, mine: bytes, window: int, more: Mapping[bytes, int]) -> Shared | None:
        """Adds to the counts of a window, and tells their totals. `mine`: becomes the day's key where there is none.
        None: away, nothing is known, or not in time. Nothing outlives a day."""
