"""The cells under the live index: nothing within the circle is ever missed."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.cells import CROWD, Cells
from geo.distance import metres
from geo.point import Point
from tests.unit.geo.places import anywhere, bearings, walk


@settings(deadline=None)
@given(
    start=anywhere,
    radius_m=st.floats(0.0, 20_000.0),
    steps=st.lists(st.tuples(st.floats(0.0, 1.0), bearings), min_size=1, max_size=20),
    crowd=st.sampled_from([4, CROWD]),
)
def test_every_row_within_the_radius_is_found(
    start: Point, radius_m: float, steps: list[tuple[float, float]], crowd: int
) -> None:
    places = [walk(start, radius_m * share, bearing) for share, bearing in steps]
    cells = Cells(500.0, crowd=crowd)
    cells.rebuild(np.array([place.lat for place in places]), np.array([place.lon for place in places]))
    found = cells.within(start, radius_m, 1_000_000)
    assert found is not None
    assert len(set(found.tolist())) == len(found)
    inside = {row for row, place in enumerate(places) if metres(start, place) <= radius_m}
    assert inside <= set(found.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_moving_one_by_one_ends_where_a_rebuild_ends(seed: int) -> None:
    dice = random.Random(seed)
    moved = Cells(500.0)
    lats, lons = np.zeros(60), np.zeros(60)
    for _ in range(40):
        rows = np.array(dice.sample(range(60), 20))
        lats[rows] = [dice.uniform(31.9, 32.1) for _ in rows]
        lons[rows] = [dice.uniform(118.7, 118.9) for _ in rows]
        moved.move(rows, lats[rows], lons[rows])
    moved.move(np.arange(60), lats, lons)
    rebuilt = Cells(500.0)
    rebuilt.rebuild(lats, lons)
    assert len(moved) == len(rebuilt), f"seed {seed}"
    for row in range(60):
        place = Point(float(lats[row]), float(lons[row]))
        found = [cells.within(place, 800.0, 10_000) for cells in (moved, rebuilt)]
        assert set(found[0].tolist()) == set(found[1].tolist()), f"seed {seed}"  # type: ignore[union-attr]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_small_circle_opens_a_part_of_a_crowd_and_a_wide_one_all_of_it(at_once: bool) -> None:
    rng, rows = np.random.default_rng(7), 6_000
    lats, lons = 31.9 + rng.uniform(-0.005, 0.005, rows), 118.8 + rng.uniform(-0.005, 0.005, rows)  # about 1 km
    cells = Cells(500.0)
    if at_once:
        cells.rebuild(lats, lons)
    else:
        for some in np.split(np.arange(rows), 60):
            cells.move(some, lats[some], lons[some])
    for radius_m, least, most in ((5.0, 1, rows // 10), (2_000.0, rows, rows)):
        found = cells.within(Point(31.9, 118.8), radius_m, 1_000)
        assert found is not None
        assert least <= len(set(found.tolist())) == found.size <= most


def test_a_crowd_divides_its_cell_and_not_before_most_have_left_it_is_whole_again() -> None:
    cells, here = Cells(500.0, crowd=40), Point(1.0, 2.0)

    def comes(row: int) -> None:
        cells.move(np.array([row]), np.array([here.lat]), np.array([here.lon]))

    for row in range(40):
        comes(row)
    assert cells.width_m(here) == 500.0
    comes(40)
    assert cells.width_m(here) == 125.0
    assert cells.width_m(Point(1.01, 2.0)) == 500.0, "nobody stands there"
    for row in range(41, 61):
        comes(row)
    for row in [*range(41, 61), *range(30)]:
        cells.take_out(row)
        assert cells.width_m(here) == 125.0, "eleven and more are left"
    cells.take_out(30)
    assert cells.width_m(here) == 500.0
    for row in range(30):
        comes(row)
    assert cells.width_m(here) == 500.0
    found = cells.within(here, 1.0, 100)
    assert found is not None
    assert sorted(found.tolist()) == [*range(30), *range(31, 41)]
    assert len(cells) == 1


def test_rows_that_leave_in_the_batch_that_divides_their_cell_arrive_where_they_went() -> None:
    cells, here, there = Cells(500.0, crowd=4), Point(1.0, 2.0), Point(1.5, 2.5)

    def go(rows: list[int], places: list[Point]) -> None:
        cells.move(np.array(rows), np.array([p.lat for p in places]), np.array([p.lon for p in places]))

    go([*range(10)], [here] * 4 + [there] * 6)
    assert (cells.width_m(here), cells.width_m(there)) == (500.0, 125.0)
    go([10, 3], [here, there])  # the newcomer divides the cell before the other has left it
    for place, rows in ((here, [0, 1, 2, 10]), (there, [3, 4, 5, 6, 7, 8, 9])):
        found = cells.within(place, 1.0, 100)
        assert found is not None
        assert sorted(found.tolist()) == rows
    go([0, 1, 2, 10], [there] * 4)
    assert len(cells) == 1


def test_who_walked_or_was_renamed_within_a_cell_is_where_they_are_once_it_is_divided() -> None:
    cells, here, there = Cells(500.0, crowd=4), Point(1.0, 2.0), Point(1.0015, 2.0)
    own, parts = cells.keys(np.array([here.lat, there.lat]), np.array([here.lon, there.lon]))
    assert own[0] == own[1] and parts[0] != parts[1], "two parts of one cell"

    def go(rows: list[int], place: Point) -> None:
        cells.move(np.array(rows), np.full(len(rows), place.lat), np.full(len(rows), place.lon))

    go([0, 1, 2], here)
    go([0], there)
    go([3], there)
    go([4], Point(5.0, 5.0))
    cells.take_out(4)
    cells.rename(3, 4)  # 4 stood elsewhere before
    assert cells.width_m(here) == 500.0
    go([5], here)
    assert cells.width_m(here) == 125.0
    for place, rows in ((here, [1, 2, 5]), (there, [0, 4])):
        found = cells.within(place, 1.0, 100)
        assert found is not None
        assert sorted(found.tolist()) == rows


def test_a_row_taken_out_is_gone_and_its_cell_with_it() -> None:
    cells = Cells(500.0)
    cells.move(np.array([0, 1]), np.array([1.0, 1.0]), np.array([2.0, 2.0]))
    cells.take_out(0)
    cells.take_out(0)
    found = cells.within(Point(1.0, 2.0), 10.0, 100)
    assert found is not None
    assert found.tolist() == [1]
    cells.take_out(1)
    assert len(cells) == 0


def test_too_many_cells_are_not_opened() -> None:
    assert Cells(500.0).within(Point(1.0, 2.0), 100_000.0, 1_000) is None


def test_cells_of_a_millimetre_are_refused() -> None:
    with pytest.raises(ValueError, match="cell"):
        Cells(0.001)


def test_a_crowd_of_three_is_refused() -> None:
    with pytest.raises(ValueError, match="crowd"):
        Cells(500.0, crowd=3)
