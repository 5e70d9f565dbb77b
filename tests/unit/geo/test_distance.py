"""Metres, boxes, times and fixed cells."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from geo.distance import (
    Box,
    arc_metres,
    bounding_box,
    cell_of,
    chord_metres,
    metres,
    metres_fast,
    snap,
    travel_time_s,
)
from geo.point import Point
from tests.unit.geo.places import anywhere, bearings, walk

NANJING = Point(32.060255, 118.796877)


@pytest.mark.parametrize(
    ("reach_m", "error_m"), [(30_000.0, 0.001), (100_000.0, 0.02), (1_000_000.0, 20.0), (2e7, 1e6)]
)
@given(start=anywhere, share=st.floats(0.0, 1.0), bearing=bearings)
def test_the_fast_distance_keeps_its_stated_error(
    reach_m: float, error_m: float, start: Point, share: float, bearing: float
) -> None:
    end = walk(start, reach_m * share, bearing)
    assert abs(metres_fast(start, end) - metres(start, end)) <= error_m


def test_a_degree_of_latitude_in_nanjing_is_about_111_kilometres() -> None:
    assert metres(Point(32.0, 118.8), Point(33.0, 118.8)) == pytest.approx(110_905, abs=10)


def test_the_antimeridian_is_no_wall() -> None:
    assert metres_fast(Point(0.0, 179.9999), Point(0.0, -179.9999)) == pytest.approx(22.26, abs=0.01)


@given(st.floats(0, 2e7))
def test_chord_and_arc_undo_each_other(arc_m: float) -> None:
    assert arc_metres(chord_metres(arc_m)) == pytest.approx(arc_m, rel=1e-6, abs=1e-6)


@given(start=anywhere, radius_m=st.floats(0.0, 2_000_000.0), share=st.floats(0.0, 1.0), bearing=bearings)
@example(start=Point(0.0, 0.0), radius_m=1_000.0, share=1.0, bearing=90.0)
@example(start=Point(0.0, 0.0), radius_m=1_000.0, share=1.0, bearing=0.0)
@example(start=Point(89.9999, 10.0), radius_m=1_000.0, share=1.0, bearing=0.0)
@example(start=Point(-90.0, 10.0), radius_m=5.0, share=1.0, bearing=77.0)
@example(start=Point(10.0, 179.9999), radius_m=1_000.0, share=1.0, bearing=90.0)
@example(start=Point(10.0, -180.0), radius_m=1_000.0, share=1.0, bearing=270.0)
@example(start=Point(60.0, 24.9), radius_m=50_000.0, share=1.0, bearing=88.0)
def test_the_box_contains_every_point_within_the_radius(
    start: Point, radius_m: float, share: float, bearing: float
) -> None:
    end = walk(start, radius_m * share, bearing)
    assume(metres(start, end) <= radius_m)  # geopy's walk may end a nanometre too far
    assert bounding_box(start, radius_m).contains(end)


def test_the_box_is_hardly_larger_than_the_circle() -> None:
    box = bounding_box(NANJING, 1_000.0)
    assert metres(NANJING, Point(box.north, NANJING.lon)) == pytest.approx(1_000, rel=0.01)
    assert metres(NANJING, Point(NANJING.lat, box.east)) == pytest.approx(1_000, rel=0.01)


def test_a_box_over_the_antimeridian_has_its_west_beyond_its_east() -> None:
    box = bounding_box(Point(0.0, 179.999), 1_000.0)
    assert box.west > box.east
    assert box.contains(Point(0.0, -179.999))
    assert not box.contains(Point(0.0, 0.0))


def test_a_box_around_a_pole_has_every_longitude() -> None:
    box = bounding_box(Point(90.0, 0.0), 1.0)
    assert box == Box(box.south, -180.0, 90.0, 180.0)
    assert 89.9999 < box.south < 90.0


@pytest.mark.parametrize("radius_m", [-1.0, math.nan])
def test_a_radius_that_is_no_length_is_refused(radius_m: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        bounding_box(NANJING, radius_m)


def test_a_travel_time_is_a_range() -> None:
    low, high = travel_time_s(1_000.0)
    assert low == pytest.approx(108.0)
    assert high == pytest.approx(384.0)
    assert travel_time_s(0.0) == (0.0, 0.0)


@pytest.mark.parametrize(("slow", "quick"), [(0.0, 5.0), (6.0, 5.0), (-1.0, 5.0), (math.nan, 5.0)])
def test_speeds_that_make_no_sense_are_refused(slow: float, quick: float) -> None:
    with pytest.raises(ValueError, match="Speeds"):
        travel_time_s(1.0, slow_mps=slow, quick_mps=quick)
    with pytest.raises(ValueError, match="distance"):
        travel_time_s(-1.0)


@given(point=anywhere, size_m=st.sampled_from([10.0, 100.0, 500.0, 5_000.0]))
@example(point=Point(90.0, 180.0), size_m=100.0)
@example(point=Point(-90.0, -180.0), size_m=100.0)
@example(point=Point(0.0, 180.0), size_m=100.0)
def test_a_snapped_place_is_within_half_a_diagonal_and_stays_where_it_is(point: Point, size_m: float) -> None:
    snapped = snap(point, size_m)
    assert metres(point, snapped) <= size_m / math.sqrt(2) * 1.0001
    assert cell_of(snapped, size_m) == cell_of(point, size_m)
    assert snap(snapped, size_m) == snapped == snap(point, size_m)


@given(north_m=st.floats(-30.0, 30.0), east_m=st.floats(-30.0, 30.0))
def test_neighbours_in_one_cell_snap_to_the_very_same_place(north_m: float, east_m: float) -> None:
    centre = snap(NANJING, 100.0)
    lat = centre.lat + north_m / 111_000.0
    lon = centre.lon + east_m / (111_320.0 * math.cos(math.radians(centre.lat)))
    assert snap(Point(lat, lon), 100.0) == centre


@pytest.mark.parametrize("size_m", [0.0, -5.0, math.nan, math.inf])
def test_a_cell_without_a_size_is_refused(size_m: float) -> None:
    with pytest.raises(ValueError, match="cell"):
        snap(NANJING, size_m)
