"""Who stands nearest, now: an in-memory index of live positions.

Up to `SCAN_MAX` positions one numpy scan is cheaper than any index; beyond, cells of about 500 m
(`geo.cells`), divided where a crowd stands, are opened in growing circles until the answer is certain. Positions
are kept as Earth-centred metres, so a distance is a subtraction and neither poles nor the antimeridian are special.
The same puts and the same question always give the same answer. One owner at a time: the index belongs to one
event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from geo.cells import CROWD, Cells, Rows
from geo.distance import EARTH_RADIUS_M, WGS84_A_M, WGS84_E2, chord_metres, ecef
from geo.nearest import K, check_reach
from geo.point import LATITUDE_MAX, LONGITUDE_MAX, Point, explain

SCAN_MAX = 4_096  # positions: where the scan and the cells cost the same, see geo/README.md
CELL_SIZE_M = 500.0
# A circle over more cells than this is cheaper as a scan of everything: one for every 16 positions, as to
# look a cell up costs what 16 rows of a scan cost, and never more than a circle of about 32 km.
POSITIONS_PER_CELL_MET = 16
CELLS_MET_MIN, CELLS_MET_MAX = 256, 16_384
PENDING_MAX = 1_024  # puts gathered and stored together: bounds the pause of storing, about 2 ms, 3 in a crowd
# Distances: more take longer to sort than to pick the nearest fifty out of (400: 5.0 and 5.7 us, 1,024: 19.5 and 12.7).
SORT_MAX = 512
TIE_SLACK = 1.0 + 1e-12  # squares of distances this close may be the same distance: they are ordered by key

X, Y, Z, SEEN, ACCURACY, LAT, LON = range(7)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fix:
    """A reported position: WGS-84 place, second of sight (the caller's clock), accuracy in metres."""

    point: Point
    seen_at: float
    accuracy_m: float


class Grid(Generic[K]):
    """Positions by key, answering who is nearest.

    A put replaces what was known of the key, whatever its time: order is the caller's matter. Keys must be
    ordered among themselves, because equal distances are settled by key.
    """

    def __init__(self, *, scan_max: int = SCAN_MAX, crowd: int = CROWD) -> None:
        self._scan_max = scan_max
        self._crowd = crowd
        self._keys: list[K] = []
        self._row: dict[K, int] = {}
        self._data: Floats = np.empty((7, 64))
        self._pending: dict[K, tuple[float, float, float, float]] = {}
        self._cells: Cells | None = None

    def __len__(self) -> int:
        self._flush()
        return len(self._keys)

    def __contains__(self, key: K) -> bool:
        return key in self._pending or key in self._row

    def put(self, key: K, lat: float, lon: float, seen_at: float, accuracy_m: float) -> None:
        """The key stands here since `seen_at`. Under 1 us; storing is shared with the puts around it.

        Raises: PointError for a pair that is not a place.
        """
        if not (-LATITUDE_MAX <= lat <= LATITUDE_MAX and -LONGITUDE_MAX <= lon <= LONGITUDE_MAX):
            raise explain(lat, lon)
        self._pending[key] = (lat, lon, seen_at, accuracy_m)
        if len(self._pending) >= PENDING_MAX:
            self._flush()

    def put_many(
        self,
        keys: Sequence[K],
        lats: npt.ArrayLike,
        lons: npt.ArrayLike,
        seen_at: npt.ArrayLike,
        accuracy_m: npt.ArrayLike,
    ) -> None:
        """As `put` for each key in turn; the last of equal keys stands. Times and accuracies may be scalars.

        Raises: PointError for the first pair that is not a place, ValueError for lengths that differ; then
        nothing is stored.
        """
        shape = (len(keys),)
        lat, lon, seen, accuracy = (
            np.broadcast_to(np.asarray(values, np.float64), shape) for values in (lats, lons, seen_at, accuracy_m)
        )
        wrong = np.flatnonzero(~((np.abs(lat) <= LATITUDE_MAX) & (np.abs(lon) <= LONGITUDE_MAX)))
        if wrong.size:
            raise explain(float(lat[wrong[0]]), float(lon[wrong[0]]))
        self._flush()
        last = {key: at for at, key in enumerate(keys)}
        at = np.fromiter(last.values(), np.intp, len(last))
        self._store(list(last), lat[at], lon[at], seen[at], accuracy[at])

    def drop(self, key: K) -> bool:
        """Forget the key; False when nothing was known of it."""
        pending = self._pending.pop(key, None)
        row = self._row.pop(key, None)
        if row is None:
            return pending is not None
        # Rows stay packed for the scan: the last one takes the place of the one that goes.
        last = len(self._keys) - 1
        last_key = self._keys.pop()
        if self._cells is not None:
            self._cells.take_out(row)
        if last != row:
            self._keys[row], self._row[last_key] = last_key, row
            self._data[:, row] = self._data[:, last]
            if self._cells is not None:
                self._cells.rename(last, row)
        return True

    def get(self, key: K) -> Fix | None:
        """What was last put for the key."""
        pending = self._pending.get(key)
        if pending is not None:
            return Fix(Point(pending[0], pending[1]), pending[2], pending[3])
        row = self._row.get(key)
        if row is None:
            return None
        column = self._data[:, row].tolist()
        return Fix(Point(column[LAT], column[LON]), column[SEEN], column[ACCURACY])

    def fresh(self, keys: Iterable[K], now: float, age_s_max: float) -> list[K]:
        """Those of `keys`, in their order, that were seen at most `age_s_max` seconds before `now`."""
        self._flush()
        known = [(key, row) for key in keys if (row := self._row.get(key)) is not None]
        seen = self._data[SEEN, [row for _, row in known]]
        return [key for (key, _), ok in zip(known, (now - seen <= age_s_max).tolist(), strict=True) if ok]

    def nearest(
        self,
        point: Point,
        radius_m: float,
        count: int,
        *,
        now: float,
        age_s_max: float,
        accuracy_m_max: float,
        only: Callable[[K], bool] | None = None,
    ) -> list[tuple[K, float]]:
        """The nearest `count` keys within `radius_m`, as (key, metres) ordered by (metres, key).

        Ranked are only positions with now - seen_at <= age_s_max and accuracy_m <= accuracy_m_max, edges
        included, whose key satisfies `only`; `only` is asked at most once a key, in order of distance, and
        no further than needed; it must leave this index alone. Metres as `distance.metres_fast`.

        Raises: ValueError for a negative or NaN radius or a negative count.
        """
        check_reach(radius_m, count)
        self._flush()
        found: list[tuple[K, float]] = []
        if count == 0 or not self._keys:
            return found
        centre = ecef(point.lat, point.lon)
        cells = self._cells if len(self._keys) > self._scan_max else None
        met_max = min(CELLS_MET_MAX, max(CELLS_MET_MIN, len(self._keys) // POSITIONS_PER_CELL_MET))
        inner_m2 = -1.0
        reach_m = radius_m if cells is None else min(radius_m, cells.width_m(point) / 2.0)
        while True:
            # The 0.01 % more covers the difference of the fast metre from the geodesic one.
            rows = None if cells is None else cells.within(point, reach_m * 1.0001 + 0.01, met_max)
            if rows is None:
                reach_m = radius_m  # nothing is left to open: one scan answers the rest
            if reach_m >= radius_m or (rows is not None and rows.size >= count - len(found)):
                outer_m2 = chord_metres(reach_m) ** 2 * TIE_SLACK
                rows, far_m2 = self._between(rows, centre, inner_m2, outer_m2, now, age_s_max, accuracy_m_max)
                self._take(rows, far_m2, radius_m, count, only, found)
                inner_m2 = outer_m2
                if len(found) >= count or reach_m >= radius_m:
                    return found
            reach_m = min(radius_m, reach_m * 2.0)

    def _between(
        self,
        rows: Rows | None,
        centre: tuple[float, float, float],
        inner_m2: float,
        outer_m2: float,
        now: float,
        age_s_max: float,
        accuracy_m_max: float,
    ) -> tuple[Rows, Floats]:
        """Of `rows`, or of all, those eligible with inner < squared chord <= outer, and that square."""
        data = self._data[:LAT]
        data = data[:, : len(self._keys)] if rows is None else data.take(rows, axis=1)
        offset = data[X] - centre[X]
        far_m2 = offset * offset
        for axis in (Y, Z):
            np.subtract(data[axis], centre[axis], out=offset)
            offset *= offset
            far_m2 += offset
        keep = far_m2 <= outer_m2
        if inner_m2 >= 0.0:
            keep &= far_m2 > inner_m2
        keep &= now - data[SEEN] <= age_s_max
        keep &= data[ACCURACY] <= accuracy_m_max
        kept = keep.nonzero()[0]
        return (kept.astype(np.int32) if rows is None else rows.take(kept)), far_m2.take(kept)

    def _take(
        self,
        rows: Rows,
        far_m2: Floats,
        radius_m: float,
        count: int,
        only: Callable[[K], bool] | None,
        found: list[tuple[K, float]],
    ) -> None:
        """Append to `found`, nearest first, until it holds `count` or the rows are used up."""
        keys, looked_at = self._keys, 0
        while looked_at < rows.size and len(found) < count:
            want = count - len(found)
            if only is not None:
                # Some are turned away: a few more cost less than looking twice. Where many are, twice as far each time.
                want = max(want + want // 8, 32, looked_at)
            chunk = _nearest_first(far_m2, looked_at + want)[looked_at:]
            looked_at += chunk.size
            halves = np.sqrt(far_m2.take(chunk)) / (2.0 * EARTH_RADIUS_M)
            far_m = (2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(halves, 1.0))).tolist()
            # In order already but for equals, so that sorting asks once a pair.
            for metres, key in sorted(zip(far_m, [keys[row] for row in rows.take(chunk).tolist()], strict=True)):
                if metres > radius_m or len(found) >= count:
                    return
                if only is None or only(key):
                    found.append((key, metres))

    def _flush(self) -> None:
        """Store what was put since the last time."""
        if self._pending:
            keys = list(self._pending)
            lat, lon, seen, accuracy = np.array(list(self._pending.values()), np.float64).T
            self._pending.clear()
            self._store(keys, lat, lon, seen, accuracy)

    def _store(self, keys: list[K], lat: Floats, lon: Floats, seen: Floats, accuracy: Floats) -> None:
        """Write rows of keys that are all different, and tell the cells."""
        rows = np.fromiter(map(self._row_of, keys), np.intp, len(keys))
        count = len(self._keys)
        if count > self._data.shape[1]:
            grown = np.empty((7, max(count, 2 * self._data.shape[1])))
            grown[:, : self._data.shape[1]] = self._data
            self._data = grown
        phi, lam = np.radians(lat), np.radians(lon)
        sin_phi = np.sin(phi)
        normal_m = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * sin_phi * sin_phi)
        axis_m = normal_m * np.cos(phi)
        up_m = normal_m * (1.0 - WGS84_E2) * sin_phi
        fresh = (axis_m * np.cos(lam), axis_m * np.sin(lam), up_m, seen, accuracy, lat, lon)
        for column, values in zip(self._data, fresh, strict=True):
            column[rows] = values
        if self._cells is not None and rows.size < count // 4:
            self._cells.move(rows, lat, lon)
        elif self._cells is not None or count > self._scan_max:
            if self._cells is None:
                self._cells = Cells(CELL_SIZE_M, crowd=self._crowd)
            self._cells.rebuild(self._data[LAT, :count], self._data[LON, :count])

    def _row_of(self, key: K) -> int:
        row = self._row.get(key)
        if row is None:
            row = self._row[key] = len(self._keys)
            self._keys.append(key)
        return row


def _nearest_first(far_m2: Floats, want: int) -> npt.NDArray[np.intp]:
    """Where the `want` smallest stand, smallest first, with all that equal the last of them: the key decides there."""
    if far_m2.size > SORT_MAX and far_m2.size > want:
        near: npt.NDArray[np.intp] = (far_m2 <= np.partition(far_m2, want - 1)[want - 1] * TIE_SLACK).nonzero()[0]
        nearest: npt.NDArray[np.intp] = near.take(far_m2.take(near).argsort())
        return nearest
    order = far_m2.argsort()
    if order.size > want:
        last = far_m2[order[want - 1]] * TIE_SLACK
        while want < order.size and far_m2[order[want]] <= last:
            want += 1
    return order[:want]
