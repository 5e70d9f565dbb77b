"""What a reporter sees of an officer on the way."""

import math

from dispatch.limits import TRACK_COARSE_M, TRACK_DELAY_S, TRACK_NEAR_M, TRACK_START_HIDDEN_M
from dispatch.positions.trail import Trail
from geo.distance import metres_fast
from geo.point import Point

TARGET = Point(32.05, 118.80)
SECOND_M = 10.0  # the officer's pace


def east(metres: float) -> Point:
    return Point(TARGET.lat, TARGET.lon + metres / (111_320 * math.cos(math.radians(TARGET.lat))))


def way(start_m: float, seconds: int) -> tuple[Trail, list[Point]]:
    """An officer who comes straight from the east, seen once a second."""
    trail, points = Trail(), []
    for second in range(seconds + 1):
        point = east(max(0.0, start_m - second * SECOND_M))
        points.append(point)
        trail.saw(float(second), point)
    return trail, points


def test_before_the_officer_was_seen_nothing_is_said() -> None:
    assert Trail().shown(0.0, TARGET) is None


def test_the_range_of_arrival_is_told_at_once_and_no_place() -> None:
    trail, _ = way(3_000, 0)
    glimpse = trail.shown(0.0, TARGET)
    assert glimpse is not None
    assert glimpse.place is None
    low, high = glimpse.eta_s
    assert 0 < low < high


def test_the_place_where_the_way_began_is_never_shown() -> None:
    for start_m in (200.0, 450.0, 3_000.0):
        for seconds in range(61):
            trail, points = way(start_m, seconds)
            glimpse = trail.shown(float(seconds), TARGET)
            if glimpse is not None and glimpse.place is not None:
                late = points[seconds - int(TRACK_DELAY_S)]
                assert metres_fast(late, points[0]) >= TRACK_START_HIDDEN_M


def test_far_away_only_a_cell_is_shown_and_it_is_late() -> None:
    trail, points = way(3_000, 60)
    glimpse = trail.shown(60.0, TARGET)
    assert glimpse is not None
    assert glimpse.place is not None
    assert glimpse.place.within_m == TRACK_COARSE_M
    shown = Point(glimpse.place.lat, glimpse.place.lon)
    assert 0 < metres_fast(shown, points[60 - int(TRACK_DELAY_S)]) <= TRACK_COARSE_M


def test_near_the_place_itself_is_shown_still_late() -> None:
    trail, points = way(1_000, 80)
    glimpse = trail.shown(80.0, TARGET)
    assert glimpse is not None
    assert glimpse.place is not None
    late = points[80 - int(TRACK_DELAY_S)]
    assert metres_fast(late, TARGET) <= TRACK_NEAR_M
    assert metres_fast(Point(glimpse.place.lat, glimpse.place.lon), late) < 2.0
