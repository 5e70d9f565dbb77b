"""Which positions stand in which cell: the part of `geo.grid` that keeps a large index from being scanned.

Cells are bands of latitude cut into columns, each at most `size_m` wide and high, so that a circle of metres
meets about as many of them at 60 degrees north as at the equator. A cell's rows are a packed array of 32-bit
numbers: taking one out swaps the last one in, and many cells join into one numpy array without a loop.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from geo.distance import DEGREE_LATITUDE_MAX_M, WGS84_A_M, WGS84_E2, bounding_box
from geo.point import Point

Rows = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]
Degrees = npt.NDArray[np.float64]

BAND_STRIDE = 1 << 24  # more columns than any band has at a size of 3 m and above
NOWHERE = -1  # the cell of a row that stands in none


class Cells:
    """Rows by cell. Every row in [0, n) stands in exactly one cell, the one of its position."""

    def __init__(self, size_m: float) -> None:
        """An empty set of cells at most `size_m` metres wide. Raises: ValueError below 10 m."""
        if not 10.0 <= size_m <= 100_000.0:
            raise ValueError(f"A cell is 10 m to 100 km wide, not {size_m!r} m.")
        self.size_m = size_m
        self.bands = math.ceil(180.0 * DEGREE_LATITUDE_MAX_M / size_m)
        edges = np.abs(np.linspace(-90.0, 90.0, self.bands + 1))
        widest = np.radians(np.minimum(edges[:-1], edges[1:]))
        if self.bands % 2:
            widest[self.bands // 2] = 0.0  # the middle band holds the equator between its edges
        axis_m = WGS84_A_M * np.cos(widest) / np.sqrt(1.0 - WGS84_E2 * np.sin(widest) ** 2)
        self._columns = np.maximum(1, np.ceil(2.0 * math.pi * axis_m / size_m)).astype(np.int64)
        self._rows: dict[int, array[int]] = {}
        self._cell: Keys = np.empty(0, np.int64)
        self._slot: Rows = np.empty(0, np.int32)

    def __len__(self) -> int:
        """How many cells are occupied."""
        return len(self._rows)

    def keys(self, lats: Degrees, lons: Degrees) -> Keys:
        """The cell of each position."""
        bands = ((lats + 90.0) * (self.bands / 180.0)).astype(np.int64)
        np.minimum(bands, self.bands - 1, out=bands)
        columns = self._columns[bands]
        return bands * BAND_STRIDE + ((lons + 180.0) / 360.0 * columns).astype(np.int64) % columns

    def rebuild(self, lats: Degrees, lons: Degrees) -> None:
        """Place rows 0..n-1 afresh: vectorised, about 0.2 us a row."""
        self._cell = self.keys(lats, lons)
        by_cell = np.argsort(self._cell, kind="stable").astype(np.int32)
        cells, starts = np.unique(self._cell[by_cell], return_index=True)
        ends = np.append(starts[1:], by_cell.size)
        self._slot = np.empty(by_cell.size, np.int32)
        self._slot[by_cell] = np.arange(by_cell.size, dtype=np.int32) - np.repeat(starts, ends - starts)
        packed = by_cell.tobytes()
        self._rows = {
            cell: array("i", packed[4 * start : 4 * end])
            for cell, start, end in zip(cells.tolist(), starts.tolist(), ends.tolist(), strict=True)
        }

    def move(self, rows: npt.NDArray[np.intp], lats: Degrees, lons: Degrees) -> None:
        """Tell where `rows`, each named once, stand now; rows never told of before are new."""
        if rows.size == 0:
            return
        self._reserve(int(rows.max()) + 1)
        cells = self.keys(lats, lons)
        moved = np.flatnonzero(self._cell[rows] != cells)
        for row, cell in zip(rows[moved].tolist(), cells[moved].tolist(), strict=True):
            self.take_out(row)
            self._put_in(row, cell)

    def take_out(self, row: int) -> None:
        """Remove the row from its cell; a row that stands in none is left alone."""
        cell = int(self._cell[row])
        if cell == NOWHERE:
            return
        rows = self._rows[cell]
        last = rows.pop()
        if last != row:
            slot = int(self._slot[row])
            rows[slot] = last
            self._slot[last] = slot
        elif not rows:
            del self._rows[cell]
        self._cell[row] = NOWHERE

    def rename(self, old: int, new: int) -> None:
        """Row `old` is called `new` from now on; `new` must stand in no cell."""
        cell, slot = int(self._cell[old]), int(self._slot[old])
        assert self._cell[new] == NOWHERE
        self._rows[cell][slot] = new
        self._cell[new], self._slot[new] = cell, slot
        self._cell[old] = NOWHERE

    def within(self, point: Point, radius_m: float, cells_max: int) -> Rows | None:
        """Every row within `radius_m`, with some beyond it; None when more than `cells_max` cells are met."""
        found: list[array[int]] = []
        met = 0
        rows = self._rows
        for base, first, last, columns in self._spans(point, radius_m):
            met += last - first + 1
            if met > cells_max:
                return None
            for column in range(first, last + 1):
                here = rows.get(base + column % columns)
                if here is not None:
                    found.append(here)
        return np.frombuffer(b"".join(found), np.int32)

    def _put_in(self, row: int, cell: int) -> None:
        rows = self._rows.get(cell)
        if rows is None:
            rows = self._rows[cell] = array("i")
        self._cell[row], self._slot[row] = cell, len(rows)
        rows.append(row)

    def _reserve(self, count: int) -> None:
        """Room for `count` rows, doubling so that growth costs little a row."""
        if count > self._cell.size:
            grown = max(count, 2 * self._cell.size) - self._cell.size
            self._cell = np.concatenate([self._cell, np.full(grown, NOWHERE, np.int64)])
            self._slot = np.concatenate([self._slot, np.zeros(grown, np.int32)])

    def _spans(self, point: Point, radius_m: float) -> Iterator[tuple[int, int, int, int]]:
        """For each band the circle meets: (first key of the band, first column, last column, columns)."""
        box = bounding_box(point, radius_m)
        east = box.east if box.west <= box.east else box.east + 360.0
        # The same expressions as in keys(): rounding is monotone, so no row's cell can fall outside its span;
        # the box's own slack pays for the 360 degrees added beyond the antimeridian.
        south = max(0, int((box.south + 90.0) * (self.bands / 180.0)))
        north = min(self.bands - 1, int((box.north + 90.0) * (self.bands / 180.0)))
        for band, columns in enumerate(self._columns[south : north + 1].tolist(), south):
            first = math.floor((box.west + 180.0) / 360.0 * columns)
            last = math.floor((east + 180.0) / 360.0 * columns)
            yield band * BAND_STRIDE, first, min(last, first + columns - 1), columns
