"""Ranking a handful of candidates."""

import math
import random

import pytest

from geo.distance import metres
from geo.nearest import rank
from geo.point import Point
from tests.unit.geo.places import walk

NANJING = Point(32.060255, 118.796877)


def test_the_nearest_comes_first_and_the_far_one_not_at_all() -> None:
    places = [
        ("far", walk(NANJING, 3_001, 10)),
        ("mid", walk(NANJING, 900, 80)),
        ("near", walk(NANJING, 5, 1)),
    ]
    assert [(key, round(far_m)) for key, far_m in rank(places, NANJING, 3_000, 5)] == [
        ("near", 5),
        ("mid", 900),
    ]


def test_equal_distances_are_settled_by_key_whatever_the_order() -> None:
    places = [(key, NANJING) for key in "dbca"]
    for seed in range(20):
        random.Random(seed).shuffle(places)
        assert [key for key, _ in rank(places, NANJING, 10, 3)] == ["a", "b", "c"], f"seed {seed}"


def test_the_distance_told_is_the_geodesic_one_to_the_millimetre() -> None:
    place = walk(NANJING, 20_000, 33)
    [(_, far_m)] = rank([("a", place)], NANJING, 30_000, 1)
    assert far_m == pytest.approx(metres(NANJING, place), abs=0.001)


def test_the_edge_of_the_radius_is_inside() -> None:
    assert rank([(1, NANJING)], NANJING, 0.0, 1) == [(1, 0.0)]


@pytest.mark.parametrize(("radius_m", "count"), [(-1.0, 1), (math.nan, 1), (1.0, -1)])
def test_a_question_without_a_circle_is_refused(radius_m: float, count: int) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        rank([(1, NANJING)], NANJING, radius_m, count)
