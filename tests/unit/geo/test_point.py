"""What counts as a place, and which axis comes first."""

import math
from typing import Any

import pytest
from hypothesis import given

from geo.point import Point, PointCode, PointError
from tests.unit.geo.places import anywhere


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (118.79, 32.05, PointCode.COORDINATES_SWAPPED),
        (-95.4, 29.7, PointCode.COORDINATES_SWAPPED),
        (90.000001, 118.79, PointCode.LATITUDE_OUT_OF_RANGE),
        (181.0, 10.0, PointCode.LATITUDE_OUT_OF_RANGE),
        (32.05, 180.000001, PointCode.LONGITUDE_OUT_OF_RANGE),
        (32.05, -181.0, PointCode.LONGITUDE_OUT_OF_RANGE),
        (math.nan, 118.79, PointCode.COORDINATE_NOT_FINITE),
        (32.05, math.inf, PointCode.COORDINATE_NOT_FINITE),
        (None, 118.79, PointCode.COORDINATE_NOT_FINITE),
        ("32.05", "118.79", PointCode.COORDINATE_NOT_FINITE),
    ],
)
def test_a_pair_that_is_no_place_is_refused_by_name(lat: Any, lon: Any, code: str) -> None:
    with pytest.raises(PointError) as refused:
        Point(lat, lon)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_swapped_coordinates_are_named_in_the_sentence() -> None:
    with pytest.raises(PointError, match="swapped"):
        Point(118.79, 32.05)


@pytest.mark.parametrize(("lat", "lon"), [(90, 180), (-90, -180), (0, 0), (90.0, -180.0)])
def test_the_edges_of_the_world_are_on_it(lat: float, lon: float) -> None:
    assert Point(lat, lon).lat == lat


def test_geojson_writes_longitude_first() -> None:
    assert Point.from_lonlat([118.79, 32.05]) == Point(lat=32.05, lon=118.79)
    assert Point(lat=32.05, lon=118.79).to_lonlat() == (118.79, 32.05)


def test_altitude_is_ignored() -> None:
    assert Point.from_lonlat([118.79, 32.05, 12.0]) == Point(32.05, 118.79)


@pytest.mark.parametrize(
    "pair", [[], [1.0], [1, 2, 3, 4], "12", None, {"lat": 1}, [True, False], [None, 1.0], ["118", "32"]]
)
def test_a_position_that_is_not_two_numbers_is_refused(pair: Any) -> None:
    with pytest.raises(PointError) as refused:
        Point.from_lonlat(pair)
    assert refused.value.code == PointCode.COORDINATE_NOT_FINITE


def test_an_integer_too_long_for_a_float_is_out_of_range_and_no_crash() -> None:
    with pytest.raises(PointError) as refused:
        Point.from_lonlat([118.79, 10**400])
    assert refused.value.code == PointCode.LATITUDE_OUT_OF_RANGE


@given(anywhere)
def test_longitude_first_and_back_is_the_same_place(point: Point) -> None:
    assert Point.from_lonlat(point.to_lonlat()) == point
