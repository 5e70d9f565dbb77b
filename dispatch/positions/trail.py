"""What a reporter may see of an officer who is on the way: late, coarse until near, and never where the way began.

Pure: times are monotonic seconds. The range of the time of arrival is told from the start, without a place.
"""

from collections import deque
from dataclasses import dataclass

from dispatch.cases.views import Place
from dispatch.limits import (
    TRACK_COARSE_M,
    TRACK_DELAY_S,
    TRACK_NEAR_ACCURACY_M,
    TRACK_NEAR_M,
    TRACK_S,
    TRACK_START_HIDDEN_M,
)
from geo.distance import metres_fast, snap, travel_time_s
from geo.point import Point

ETA_STEP_S = 30  # a range in half minutes: finer would follow every step


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`place` None: not yet, or not here. `eta_s`: seconds until arrival, least and most."""

    place: Place | None
    eta_s: tuple[int, int]


class Trail:
    """One officer on the way to one case, from the claim on."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Point]] = deque(maxlen=int(TRACK_DELAY_S / TRACK_S) + 2)
        self._start: Point | None = None

    def saw(self, now: float, point: Point) -> None:
        """The officer was here; the first place is where the way began."""
        if self._start is None:
            self._start = point
        self._seen.append((now, point))

    def shown(self, now: float, target: Point) -> Glimpse | None:
        """What may be told now; None before the officer was seen at all."""
        if self._start is None:
            return None
        late = next((p for t, p in reversed(self._seen) if now - t >= TRACK_DELAY_S), None)
        low, high = travel_time_s(metres_fast(late or self._start, target))
        eta = int(low // ETA_STEP_S * ETA_STEP_S), int(-(-high // ETA_STEP_S) * ETA_STEP_S)
        if late is None or metres_fast(late, self._start) < TRACK_START_HIDDEN_M:
            return Glimpse(None, eta)
        if metres_fast(late, target) <= TRACK_NEAR_M:
            return Glimpse(Place(round(late.lat, 5), round(late.lon, 5), TRACK_NEAR_ACCURACY_M), eta)
        cell = snap(late, TRACK_COARSE_M)
        return Glimpse(Place(round(cell.lat, 5), round(cell.lon, 5), TRACK_COARSE_M), eta)
