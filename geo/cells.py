"""Which positions stand in which cell: the part of `geo.grid` that keeps a large index from being scanned.

Cells are bands of latitude cut into columns, each at most `size_m` wide and high, so that a circle of metres
meets about as many of them at 60 degrees north as at the equator. A cell's rows are a packed array of 32-bit
numbers: taking one out swaps the last one in, and many cells join into one numpy array without a loop.

A cell with a crowd in it is divided into 4 by 4 parts, so that a small circle opens the parts it meets and not the
crowd; when the crowd has gone it is whole again. Each cell decides for itself: sparse ones beside it stay whole.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from geo.distance import DEGREE_LATITUDE_MAX_M, WGS84_A_M, WGS84_E2, Box, bounding_box
from geo.point import Point

Rows = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]
Degrees = npt.NDArray[np.float64]

BAND_STRIDE = 1 << 24  # more columns than any band has at a size of 3 m and above
NOWHERE = -1  # the home of a row that stands in none
SIDE = 4  # parts along each side of a divided cell; why 4 and why 384 rows, see geo/README.md
PARTS = 1 << 52  # where the numbers of parts begin, SIDE * SIDE to a cell: above every cell
CROWD = 384  # rows: a cell with more is divided
CALM_SHARE = 4  # a divided cell with at most a quarter of a crowd is made whole: few coming and going change nothing


class Cells:
    """Rows by home. Every row in [0, n) has one: its position's cell or, where that is divided, the part of it."""

    def __init__(self, size_m: float, *, crowd: int = CROWD) -> None:
        """An empty set of cells at most `size_m` metres wide, divided while they hold more than `crowd` rows.

        Raises: ValueError below 10 m or 4 rows.
        """
        if not 10.0 <= size_m <= 100_000.0:
            raise ValueError(f"A cell is 10 m to 100 km wide, not {size_m!r} m.")
        if crowd < CALM_SHARE:
            raise ValueError(f"A crowd is {CALM_SHARE} rows or more, not {crowd!r}.")
        self.size_m = size_m
        self.bands = math.ceil(180.0 * DEGREE_LATITUDE_MAX_M / size_m)
        edges = np.abs(np.linspace(-90.0, 90.0, self.bands + 1))
        widest = np.radians(np.minimum(edges[:-1], edges[1:]))
        if self.bands % 2:
            widest[self.bands // 2] = 0.0  # the middle band holds the equator between its edges
        axis_m = WGS84_A_M * np.cos(widest) / np.sqrt(1.0 - WGS84_E2 * np.sin(widest) ** 2)
        self._columns = np.maximum(1, np.ceil(2.0 * math.pi * axis_m / size_m)).astype(np.int64)
        self._crowd = crowd
        self._rows: dict[int, array[int]] = {}  # by home; a divided cell keeps an empty array
        self._divided: dict[int, int] = {}  # cell: how many rows its parts hold
        self._home: Keys = np.empty(0, np.int64)
        self._part: Keys = np.empty(0, np.int64)  # of the row's cell always: its home when that is divided
        self._slot: Rows = np.empty(0, np.int32)

    def __len__(self) -> int:
        """How many cells are occupied."""
        return sum(home < PARTS for home in self._rows)

    def width_m(self, point: Point) -> float:
        """How wide the cell there is, or its parts when it is divided: a first circle's measure."""
        if self._divided:
            base, column, _, columns = next(self._spans(bounding_box(point, 0.0)))
            if base + column % columns in self._divided:
                return self.size_m / SIDE
        return self.size_m

    def keys(self, lats: Degrees, lons: Degrees) -> tuple[Keys, Keys]:
        """The cell of each position, and the part of it."""
        lines = ((lats + 90.0) * (self.bands / 180.0) * SIDE).astype(np.int64)
        np.minimum(lines, SIDE * self.bands - 1, out=lines)
        bands = lines // SIDE
        columns = self._columns[bands]
        across = ((lons + 180.0) / 360.0 * columns * SIDE).astype(np.int64)
        cells = bands * BAND_STRIDE + across // SIDE % columns
        return cells, PARTS + cells * SIDE**2 + lines % SIDE * SIDE + across % SIDE

    def rebuild(self, lats: Degrees, lons: Degrees) -> None:
        """Place rows 0..n-1 afresh: vectorised, about 0.2 us a row."""
        cells, self._part = self.keys(lats, lons)
        self._home, self._slot = np.empty(cells.size, np.int64), np.empty(cells.size, np.int32)
        order = np.argsort(self._part, kind="stable").astype(np.int32)
        occupied, counts = np.unique(cells[order], return_counts=True)
        full = counts > self._crowd
        self._divided = dict(zip(occupied[full].tolist(), counts[full].tolist(), strict=True))
        self._rows = {cell: array("i") for cell in self._divided}
        self._settle(order, np.where(np.repeat(full, counts), self._part[order], cells[order]))

    def move(self, rows: npt.NDArray[np.intp], lats: Degrees, lons: Degrees) -> None:
        """Tell where `rows`, each named once, stand now; rows never told of before are new."""
        if rows.size == 0:
            return
        self._reserve(int(rows.max()) + 1)
        cells, parts = self.keys(lats, lons)
        old = self._home[rows]
        leaves = old != (np.where(old >= PARTS, parts, cells) if self._divided else cells)
        # Who leaves is told of when it does: its cell may be divided before, by one who comes in the same batch.
        stays, moved = np.flatnonzero(~leaves), np.flatnonzero(leaves)
        self._part[rows[stays]] = parts[stays]
        for row, cell, part in zip(rows[moved].tolist(), cells[moved].tolist(), parts[moved].tolist(), strict=True):
            self.take_out(row)
            self._put_in(row, cell, part)

    def take_out(self, row: int) -> None:
        """Remove the row from its home; a row that has none is left alone."""
        home = int(self._home[row])
        if home == NOWHERE:
            return
        rows = self._rows[home]
        last = rows.pop()
        if last != row:
            slot = int(self._slot[row])
            rows[slot] = last
            self._slot[last] = slot
        elif not rows:
            del self._rows[home]
        self._home[row] = NOWHERE
        if home >= PARTS:
            cell = (home - PARTS) // SIDE**2
            self._divided[cell] -= 1
            if self._divided[cell] <= self._crowd // CALM_SHARE:
                self._make_whole(cell)

    def rename(self, old: int, new: int) -> None:
        """Row `old` is called `new` from now on; `new` must have no home."""
        home, slot = int(self._home[old]), int(self._slot[old])
        assert self._home[new] == NOWHERE
        self._rows[home][slot] = new
        self._home[new], self._slot[new], self._part[new] = home, slot, self._part[old]
        self._home[old] = NOWHERE

    def within(self, point: Point, radius_m: float, cells_max: int) -> Rows | None:
        """Every row within `radius_m`, with some beyond it; None when more than `cells_max` cells are met."""
        found: list[array[int]] = []
        met = 0
        rows = self._rows
        box = bounding_box(point, radius_m)
        for base, first, last, columns in self._spans(box):
            met += last - first + 1
            if met > cells_max:
                return None
            for column in range(first, last + 1):
                here = rows.get(base + column % columns)
                if here:
                    found.append(here)
                elif here is not None:
                    found += self._parts_met(base, column, columns, box)
        return np.frombuffer(b"".join(found), np.int32)

    def _put_in(self, row: int, cell: int, part: int) -> None:
        divided = cell in self._divided
        home = part if divided else cell
        rows = self._rows.get(home)
        if rows is None:
            rows = self._rows[home] = array("i")
        self._home[row], self._part[row], self._slot[row] = home, part, len(rows)
        rows.append(row)
        if divided:
            self._divided[cell] += 1
        elif len(rows) > self._crowd:
            self._divide(cell)

    def _divide(self, cell: int) -> None:
        rows = np.frombuffer(self._rows[cell], np.int32)
        self._rows[cell], self._divided[cell] = array("i"), rows.size
        rows = rows[self._part[rows].argsort()]
        self._settle(rows, self._part[rows])

    def _make_whole(self, cell: int) -> None:
        homes = range(_first_part(cell), _first_part(cell + 1))
        parts = [self._rows.pop(home) for home in homes if home in self._rows]
        rows = np.frombuffer(b"".join(parts), np.int32)
        del self._divided[cell]
        self._settle(rows, np.full(rows.size, cell, np.int64))

    def _settle(self, rows: Rows, homes: Keys) -> None:
        """Give the rows these homes, in which none lives yet; those of one home stand side by side."""
        starts = np.flatnonzero(np.diff(homes, prepend=NOWHERE))
        ends = np.append(starts[1:], rows.size)
        self._home[rows] = homes
        self._slot[rows] = np.arange(rows.size, dtype=np.int32) - np.repeat(starts, ends - starts)
        packed = rows.tobytes()
        for home, start, end in zip(homes[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
            self._rows[home] = array("i", packed[4 * start : 4 * end])

    def _reserve(self, count: int) -> None:
        """Room for `count` rows, doubling so that growth costs little a row."""
        if count > self._home.size:
            grown = max(count, 2 * self._home.size) - self._home.size
            self._home = np.concatenate([self._home, np.full(grown, NOWHERE, np.int64)])
            self._part = np.concatenate([self._part, np.full(grown, NOWHERE, np.int64)])
            self._slot = np.concatenate([self._slot, np.zeros(grown, np.int32)])

    def _spans(self, box: Box) -> Iterator[tuple[int, int, int, int]]:
        """For each band the box meets: (first key of the band, first column, last column, columns)."""
        east = box.east if box.west <= box.east else box.east + 360.0
        # The same expressions as in keys(): rounding is monotone, so no row's cell can fall outside its span;
        # the box's own slack pays for the 360 degrees added beyond the antimeridian.
        south = max(0, int((box.south + 90.0) * (self.bands / 180.0)))
        north = min(self.bands - 1, int((box.north + 90.0) * (self.bands / 180.0)))
        for band, columns in enumerate(self._columns[south : north + 1].tolist(), south):
            first = math.floor((box.west + 180.0) / 360.0 * columns)
            last = math.floor((east + 180.0) / 360.0 * columns)
            yield band * BAND_STRIDE, first, min(last, first + columns - 1), columns

    def _parts_met(self, base: int, column: int, columns: int, box: Box) -> Iterator[array[int]]:
        """The rows of a divided cell by part, where the box meets one."""
        # The expressions of keys() again; times SIDE, a power of two, is exact: parts are rounded as their cells are.
        south = int((box.south + 90.0) * (self.bands / 180.0) * SIDE) - base // BAND_STRIDE * SIDE
        north = int((box.north + 90.0) * (self.bands / 180.0) * SIDE) - base // BAND_STRIDE * SIDE
        west = math.floor((box.west + 180.0) / 360.0 * columns * SIDE) - column * SIDE
        east = box.east if box.west <= box.east else box.east + 360.0
        east = math.floor((east + 180.0) / 360.0 * columns * SIDE) - column * SIDE
        for line in range(max(south, 0), min(north, SIDE - 1) + 1):
            first = _first_part(base + column % columns) + line * SIDE
            for home in range(first + max(west, 0), first + min(east, SIDE - 1) + 1):
                if home in self._rows:
                    yield self._rows[home]


def _first_part(cell: int) -> int:
    """The home of the south-west part of a cell; the others follow, line by line."""
    return PARTS + cell * SIDE**2
