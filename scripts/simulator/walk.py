"""An officer's way: along the places of a beat, or to a scene and on from there. Pure; the caller brings the time."""

import random
from collections.abc import Sequence

from geo.distance import metres_fast
from geo.point import Point

PATROL_MPS = 6.0  # a patrol car that looks around, about 20 km/h


class Walk:
    """Where one officer is at a time that never goes backwards, in seconds of the caller's clock."""

    def __init__(self, places: Sequence[Point], dice: random.Random, now: float) -> None:
        assert places, "a beat has at least one place"
        self._places = list(places)
        self._dice = dice
        self._from = self._to = dice.choice(self._places)
        self._left_at = self._there_at = now

    def at(self, now: float) -> Point:
        """The position now; whoever has arrived goes on to another place of the beat."""
        if now >= self._there_at:
            # One leg a question: fixes come every few seconds, and no time is made up.
            self._go(self._to, self._dice.choice(self._places), now, None)
        done = (now - self._left_at) / max(self._there_at - self._left_at, 1e-9)
        done = min(max(done, 0.0), 1.0)
        return Point(
            self._from.lat + (self._to.lat - self._from.lat) * done,
            self._from.lon + (self._to.lon - self._from.lon) * done,
        )

    def go(self, place: Point, now: float, within_s: float) -> None:
        """Head for `place` and be there in `within_s`: travel is compressed as the incidents are."""
        self._go(self.at(now), place, now, within_s)

    def _go(self, start: Point, end: Point, now: float, within_s: float | None) -> None:
        self._from, self._to, self._left_at = start, end, now
        self._there_at = now + (metres_fast(start, end) / PATROL_MPS if within_s is None else within_s)
