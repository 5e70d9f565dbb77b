"""GCJ-02 at the border, WGS-84 inside."""

import pytest
from hypothesis import example, given

from geo.datum import Datum, from_wgs84, in_china_box, to_wgs84
from geo.distance import metres
from geo.point import Point
from tests.unit.geo.places import anywhere, inside_china

NANJING = Point(32.060255, 118.796877)


@given(inside_china)
@example(NANJING)
def test_there_and_back_is_within_a_millionth_of_a_degree(point: Point) -> None:
    back = to_wgs84(from_wgs84(point, Datum.GCJ02), Datum.GCJ02)
    assert abs(back.lat - point.lat) < 1e-6
    assert abs(back.lon - point.lon) < 1e-6


@given(inside_china)
@example(Point(2.0, 96.0))  # at sea in the box's corner the shift all but ends: it has no lower bound there
def test_the_shift_inside_the_box_is_below_1_500_metres(point: Point) -> None:
    assert metres(point, from_wgs84(point, Datum.GCJ02)) < 1_500


@pytest.mark.parametrize(
    "town", [NANJING, Point(39.9, 116.4), Point(22.5, 114.1), Point(43.8, 87.6), Point(45.8, 126.5)]
)
def test_the_shift_in_a_town_is_above_50_metres(town: Point) -> None:
    assert metres(town, from_wgs84(town, Datum.GCJ02)) > 50


def test_the_shift_in_nanjing_is_the_published_one() -> None:
    # eviltransform's own value for this place; Tencent's and Amap's agree to about a metre.
    shifted = from_wgs84(Point(31.1774276, 121.5272106), Datum.GCJ02)
    assert shifted.lat == pytest.approx(31.17530398364597, abs=1e-5)
    assert shifted.lon == pytest.approx(121.531541859215, abs=1e-5)


@given(anywhere)
def test_outside_the_box_nothing_moves(point: Point) -> None:
    if not in_china_box(point):
        assert from_wgs84(point, Datum.GCJ02) == point == to_wgs84(point, Datum.GCJ02)


@given(anywhere)
def test_wgs84_never_moves(point: Point) -> None:
    assert from_wgs84(point, Datum.WGS84) == point == to_wgs84(point, Datum.WGS84)


def test_houston_does_not_move() -> None:
    houston = Point(29.70223, -95.5483)
    assert to_wgs84(houston, Datum.GCJ02) == houston
