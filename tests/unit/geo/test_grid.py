"""The live index answers as brute force does, whatever was put, moved and dropped."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.grid
from geo.cells import CROWD, Rows
from geo.distance import metres
from geo.grid import PENDING_MAX, Fix, Grid
from geo.nearest import rank
from geo.point import Point, PointError
from tests.unit.geo.places import walk

NANJING = Point(32.060255, 118.796877)
# A city, both poles, the antimeridian on and off the equator, the north of Norway.
CENTRES = [
    NANJING,
    Point(89.99, 20.0),
    Point(-90.0, 0.0),
    Point(0.0, 180.0),
    Point(-17.0, -179.99),
    Point(70.0, 25.0),
]
SCANNED, CELLED = 4_096, 0  # every size of index by one scan, or by cells from the first position on


def ask(grid: Grid[int], place: Point, radius_m: float, count: int) -> list[tuple[int, float]]:
    return grid.nearest(place, radius_m, count, now=100.0, age_s_max=30.0, accuracy_m_max=50.0)


def scatter(dice: random.Random, centre: Point, reach_m: float, count: int) -> list[Point]:
    """Places around the centre, denser near it; every tenth stands exactly where the one before does."""
    places: list[Point] = []
    for at in range(count):
        again = at % 10 == 9
        places.append(places[-1] if again else walk(centre, reach_m * dice.random() ** 2, dice.uniform(0, 360)))
    return places


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    centre=st.sampled_from(CENTRES),
    count=st.integers(1, 150),
    reach_m=st.sampled_from([300.0, 5_000.0, 200_000.0]),
    radius_share=st.floats(0.01, 1.5),
    wanted=st.integers(1, 60),
    scan_max=st.sampled_from([SCANNED, CELLED]),
    crowd=st.sampled_from([4, CROWD]),
)
def test_it_answers_as_brute_force_does(
    seed: int, centre: Point, count: int, reach_m: float, radius_share: float, wanted: int, scan_max: int, crowd: int
) -> None:
    dice = random.Random(seed)
    known: dict[int, Point] = {}
    grid: Grid[int] = Grid(scan_max=scan_max, crowd=crowd)
    for share in (1.0, 0.1, 0.2):  # at first everybody comes; then few move on, and some leave
        for place in scatter(dice, centre, reach_m, math.ceil(count * share)):
            key = dice.randrange(200)
            known[key] = place
            grid.put(key, place.lat, place.lon, 90.0, 5.0)
        assert len(grid) == len(known)  # stored, so that a drop has to take a row out
        for key in dice.sample(sorted(known), len(known) // 5):
            del known[key]
            assert grid.drop(key)
        target = walk(centre, reach_m * dice.random(), dice.uniform(0, 360))
        expected = rank(known.items(), target, reach_m * radius_share, wanted)
        found = ask(grid, target, reach_m * radius_share, wanted)
        assert [far for _, far in found] == pytest.approx([far for _, far in expected], abs=1e-6)
        assert found == sorted(found, key=lambda pair: (pair[1], pair[0]))
        # Where two stand a nanometre apart the last bit decides; everywhere else the keys agree.
        assert {key for key, far in found if far < expected[-1][1] - 1e-6} == {
            key for key, far in expected if far < expected[-1][1] - 1e-6
        }
        for key, far_m in found[:3]:
            assert far_m == pytest.approx(metres(known[key], target), rel=1e-5, abs=0.001)


@pytest.mark.parametrize("seed", [1, 2])
def test_scan_and_cells_agree_on_ten_thousand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lats, lons = 32.06 + rng.normal(0, 0.1, 10_000), 118.8 + rng.normal(0, 0.1, 10_000)
    scanned: Grid[int] = Grid(scan_max=1_000_000)
    celled: Grid[int] = Grid(scan_max=CELLED)
    for grid in (scanned, celled):
        grid.put_many(range(10_000), lats, lons, 90.0, 5.0)
        for key in range(0, 10_000, 3):
            grid.put(key, float(lats[key]) + 0.02, float(lons[key]), 90.0, 5.0)
    for at in range(50):
        place = Point(float(lats[at]), float(lons[at]))
        for radius_m, count in ((0.0, 5), (300.0, 5), (5_000.0, 50), (50_000.0, 500)):
            answer = ask(celled, place, radius_m, count)
            assert answer == ask(scanned, place, radius_m, count), f"seed {seed}, place {place}"
        assert len(answer) == 500


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_while_a_crowd_comes_mills_about_and_goes_divided_cells_answer_as_one_scan(seed: int) -> None:
    rng, dice = np.random.default_rng(seed), random.Random(seed)
    scanned: Grid[int] = Grid(scan_max=1_000_000)
    divided: Grid[int] = Grid(scan_max=CELLED, crowd=8)
    widths = set[float]()
    for reach_m in (20_000.0, 1_500.0, 300.0, 300.0, 1_500.0, 20_000.0):  # the last two: the crowd goes
        for _ in range(4):
            keys = dice.sample(range(800), 200)
            degrees = rng.normal(0.0, reach_m / 111_195.0, (2, len(keys)))
            for grid in (scanned, divided):
                for key, lat, lon in zip(keys, *degrees.tolist(), strict=True):
                    grid.put(key, 32.0 + lat, 118.8 + lon, 90.0, 5.0)
                assert len(grid) > 0  # stored
                for key in keys[:20]:
                    assert grid.drop(key)
            assert divided._cells is not None
            widths.add(divided._cells.width_m(Point(32.0, 118.8)))
            for key in keys[20:30]:
                place = (scanned.get(key) or Fix(NANJING, 0.0, 0.0)).point
                for radius_m, count in ((60.0, 5), (5_000.0, 20), (50_000.0, 700)):
                    answer = ask(divided, place, radius_m, count)
                    assert answer == ask(scanned, place, radius_m, count), f"seed {seed}, place {place}"
    assert widths == {125.0, 500.0}, f"seed {seed}"


def test_a_question_in_a_crowd_takes_few_rows_and_one_in_an_empty_suburb_scans_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng, rows = np.random.default_rng(5), 40_000
    grid: Grid[int] = Grid()
    crowd = 32.0 + rng.uniform(-0.01, 0.01, rows), 118.8 + rng.uniform(-0.01, 0.01, rows)  # 2 km: 2,200 a cell
    suburbs = 32.0 + rng.uniform(-0.1, 0.1, 1_000), 118.8 + rng.uniform(-0.1, 0.1, 1_000)
    grid.put_many(range(rows), *crowd, 90.0, 5.0)
    grid.put_many(range(rows, rows + 1_000), *suburbs, 90.0, 5.0)
    taken, real = list[int](), grid._between

    def counted(rows: Rows | None, *rest: Any) -> object:
        taken.append(len(grid) if rows is None else rows.size)
        return real(rows, *rest)

    monkeypatch.setattr(grid, "_between", counted)
    assert len(ask(grid, Point(32.0, 118.8), 6_000.0, 50)) == 50
    assert sum(taken) < 1_000, "cells of 500 m would give 4,000 and more"
    taken.clear()
    assert len(ask(grid, Point(32.06, 118.86), 6_000.0, 50)) == 50
    assert sum(taken) < 1_000


@pytest.mark.parametrize("scan_max", [SCANNED, CELLED])
def test_equal_distances_are_settled_by_key(scan_max: int) -> None:
    keys = [f"o{number:03d}" for number in range(300)]
    for seed in range(5):
        random.Random(seed).shuffle(keys)
        grid: Grid[str] = Grid(scan_max=scan_max)
        for key in keys:
            grid.put(key, NANJING.lat, NANJING.lon, 90.0, 5.0)
        found = grid.nearest(NANJING, 1_000, 50, now=100.0, age_s_max=30.0, accuracy_m_max=50.0)
        assert [key for key, _ in found] == sorted(keys)[:50], f"seed {seed}"


@pytest.mark.parametrize("scan_max", [SCANNED, CELLED])
def test_a_position_at_the_exact_age_and_accuracy_ranks_and_a_hair_more_does_not(scan_max: int) -> None:
    grid: Grid[int] = Grid(scan_max=scan_max)
    grid.put(1, NANJING.lat, NANJING.lon, 70.0, 50.0)
    grid.put(2, NANJING.lat, NANJING.lon, 69.999, 50.0)
    grid.put(3, NANJING.lat, NANJING.lon, 70.0, 50.001)
    grid.put(4, NANJING.lat, NANJING.lon, 70.0, math.nan)
    grid.put(5, NANJING.lat, NANJING.lon, math.nan, 50.0)
    assert ask(grid, NANJING, 10.0, 9) == [(1, 0.0)]
    assert grid.fresh([3, 2, 1, 99, 5], 100.0, 30.0) == [3, 1]


@pytest.mark.parametrize("scan_max", [SCANNED, CELLED])
def test_only_is_asked_once_a_key_in_order_of_distance_and_no_further_than_needed(scan_max: int) -> None:
    grid: Grid[int] = Grid(scan_max=scan_max)
    for key in range(1_000):
        place = walk(NANJING, 10.0 * key, 45.0)
        grid.put(key, place.lat, place.lon, 90.0, 5.0)
    asked: list[int] = []

    def only(key: int) -> bool:
        asked.append(key)
        return key % 7 == 0

    found = grid.nearest(NANJING, 9_000, 40, now=100.0, age_s_max=30.0, accuracy_m_max=50.0, only=only)
    assert [key for key, _ in found] == list(range(0, 280, 7))
    assert asked == list(range(274))


@pytest.mark.parametrize("count", [1, 50])
def test_where_nearly_everybody_is_busy_few_sorts_find_who_is_free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    grid: Grid[int] = Grid(scan_max=SCANNED)
    for key in range(2_000):
        place = walk(NANJING, 1.0 + key, 45.0)
        grid.put(key, place.lat, place.lon, 90.0, 5.0)
    sorts, real = list[int](), geo.grid._nearest_first

    def counted(far_m2: geo.grid.Floats, want: int) -> object:
        sorts.append(want)
        return real(far_m2, want)

    def last(key: int) -> bool:
        return key == 1_999

    monkeypatch.setattr(geo.grid, "_nearest_first", counted)
    found = grid.nearest(NANJING, 9_000, count, now=100.0, age_s_max=30.0, accuracy_m_max=50.0, only=last)
    assert [key for key, _ in found] == [1_999]
    assert len(sorts) <= 8, "twice as far each time"


def test_a_put_replaces_and_a_drop_forgets() -> None:
    grid: Grid[str] = Grid()
    grid.put("a", 10.0, 10.0, 1.0, 5.0)
    assert grid.get("a") == Fix(Point(10.0, 10.0), 1.0, 5.0)
    grid.put("a", 20.0, 20.0, 2.0, 6.0)
    assert len(grid) == 1
    grid.put("a", 30.0, 30.0, 3.0, 7.0)
    assert grid.get("a") == Fix(Point(30.0, 30.0), 3.0, 7.0)
    assert "a" in grid
    assert grid.drop("a")
    assert "a" not in grid
    assert grid.get("a") is None
    assert not grid.drop("a")
    assert len(grid) == 0
    assert grid.fresh(["a"], 0.0, 1e9) == []


def test_of_equal_keys_put_at_once_the_last_stands() -> None:
    grid: Grid[str] = Grid()
    grid.put("a", 1.0, 1.0, 1.0, 1.0)
    grid.put_many(["a", "b", "a"], [2.0, 3.0, 4.0], [2.0, 3.0, 4.0], [1.0, 2.0, 3.0], 5.0)
    assert grid.get("a") == Fix(Point(4.0, 4.0), 3.0, 5.0)
    assert len(grid) == 2


@pytest.mark.parametrize(("lat", "lon"), [(91.0, 0.0), (0.0, 181.0), (math.nan, 0.0), (118.8, 32.0)])
def test_a_position_that_is_no_place_is_refused_and_nothing_is_stored(lat: float, lon: float) -> None:
    grid: Grid[int] = Grid()
    with pytest.raises(PointError):
        grid.put(1, lat, lon, 1.0, 1.0)
    with pytest.raises(PointError):
        grid.put_many([1, 2], [0.0, lat], [0.0, lon], 1.0, 1.0)
    assert len(grid) == 0


def test_lengths_that_differ_are_refused() -> None:
    grid: Grid[int] = Grid()
    with pytest.raises(ValueError, match="broadcast"):
        grid.put_many([1, 2], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 1.0, 1.0)


def test_an_empty_index_and_a_count_of_zero_answer_nothing() -> None:
    grid: Grid[int] = Grid()
    assert ask(grid, NANJING, 100.0, 5) == []
    grid.put(1, NANJING.lat, NANJING.lon, 90.0, 5.0)
    assert ask(grid, NANJING, 100.0, 0) == []
    with pytest.raises(ValueError, match="radius"):
        ask(grid, NANJING, -1.0, 5)


def test_what_is_pending_stays_bounded() -> None:
    grid: Grid[int] = Grid()
    for key in range(3 * PENDING_MAX + 5):
        grid.put(key, 1.0, 1.0, 1.0, 1.0)
        assert len(grid._pending) < PENDING_MAX
    assert len(grid) == 3 * PENDING_MAX + 5


def test_positions_stored_together_or_alone_are_the_same_to_the_last_bit() -> None:
    rng = np.random.default_rng(11)
    lats, lons = rng.uniform(-90, 90, 1_000), rng.uniform(-180, 180, 1_000)
    together: Grid[int] = Grid()
    together.put_many(range(1_000), lats, lons, 90.0, 5.0)
    alone: Grid[int] = Grid()
    for key in range(1_000):
        alone.put(key, float(lats[key]), float(lons[key]), 90.0, 5.0)
        len(alone)
    assert ask(together, NANJING, 2e7, 1_000) == ask(alone, NANJING, 2e7, 1_000)
