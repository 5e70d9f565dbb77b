"""Real incidents on a shorter clock, and people whose choices follow from the seed."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geo.distance import metres_fast
from geo.point import Point
from scripts.simulator.incidents import Incident, IncidentsError, number_in, plan, read_incidents
from scripts.simulator.temper import Choice, Temper
from scripts.simulator.walk import PATROL_MPS, Walk

SAMPLE = Path(__file__).parents[2] / "data" / "houston_sample.csv"
MIDNIGHT = datetime(2010, 1, 1, tzinfo=UTC)


def incidents(hours: list[int]) -> list[Incident]:
    return [Incident(MIDNIGHT + timedelta(hours=h), "auto theft", "18F60", Point(29.7, -95.5)) for h in hours]


def test_the_sample_of_real_incidents_is_read_whole() -> None:
    found = read_incidents(SAMPLE)
    assert len(found) == 2000
    assert {one.category for one in found} == {"theft", "burglary", "auto_theft"}
    assert all(one.hour.tzinfo is UTC for one in found)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("occurred_at,offense,beat,lon\n", "lat"),
        ("occurred_at,offense,beat,lon,lat\n", "no incident"),
        ("occurred_at,offense,beat,lon,lat\n2010-01-01T06:00:00Z,theft,1A,-95.5,129.7\n", "line 2"),
        ("occurred_at,offense,beat,lon,lat\nyesterday,theft,1A,-95.5,29.7\n", "line 2"),
        ("occurred_at,offense,beat,lon,lat\n2010-01-01T06:00:00,theft,1A,-95.5,29.7\n", "time zone"),
        ("occurred_at,offense,beat,lon,lat\n2010-01-01T06:00:00Z,theft,1A\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_with_its_fault(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "incidents.csv"
    path.write_text(text)
    with pytest.raises(IncidentsError, match=word):
        read_incidents(path)


def test_a_plan_keeps_the_pattern_of_arrivals() -> None:
    hours = [0] * 10 + [1] * 30 + [5] * 20
    planned = plan(incidents(hours), count=60, minutes=6, seed=1)
    assert [one.number for one in planned] == list(range(1, 61))
    assert [one.at_s for one in planned] == sorted(one.at_s for one in planned)
    # six hours on six minutes: one hour is one minute
    assert Counter(int(one.at_s // 60) for one in planned) == {0: 10, 1: 30, 5: 20}


def test_the_seed_alone_decides_a_plan() -> None:
    found = read_incidents(SAMPLE)
    one, same, other = (plan(found, count=50, minutes=1, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other


@pytest.mark.parametrize(("count", "minutes"), [(0, 1.0), (61, 1.0), (1, 0.0), (1, float("nan"))])
def test_a_plan_that_cannot_be_made_is_refused(count: int, minutes: float) -> None:
    with pytest.raises(IncidentsError):
        plan(incidents([0] * 60), count=count, minutes=minutes, seed=1)


def test_words_carry_the_number_of_the_report() -> None:
    (one,) = plan(incidents([0]), count=1, minutes=1, seed=1)
    assert number_in(one.words) == 1
    assert number_in("somebody else's words") == 0


def test_an_officer_decides_the_same_in_every_run_of_a_seed() -> None:
    temper = Temper()
    assert temper.decide(1, "a", 5, 1) == temper.decide(1, "a", 5, 1)
    assert len({temper.decide(seed, "a", 5, 1).after_s for seed in range(5)}) == 5


def test_hardly_anybody_wants_the_unwanted_and_most_want_the_rest() -> None:
    temper = Temper()
    claims = {True: 0, False: 0}
    asked = {True: 0, False: 0}
    for number in range(2_000):
        unwanted = temper.unwanted(9, number)
        asked[unwanted] += 1
        claims[unwanted] += temper.decide(9, "a", number, 1).choice is Choice.CLAIM
    assert 0.05 < asked[True] / 2_000 < 0.12
    assert claims[True] / asked[True] < 0.05
    assert 0.7 < claims[False] / asked[False] < 0.95


def test_an_officer_never_walks_faster_than_a_patrol() -> None:
    dice = random.Random(4)
    places = [Point(29.7 + n / 200, -95.5) for n in range(5)]
    walk, before = Walk(places, dice, 0.0), None
    for tick in range(200):
        here = walk.at(tick * 5.0)
        if before is not None:
            assert metres_fast(before, here) <= PATROL_MPS * 5.0 * 1.01
        before = here


def test_an_officer_who_is_sent_is_there_in_time_and_stays_near() -> None:
    walk = Walk([Point(29.7, -95.5)], random.Random(1), 0.0)
    scene = Point(29.75, -95.45)
    walk.go(scene, 10.0, 8.0)
    assert metres_fast(walk.at(14.0), scene) == pytest.approx(metres_fast(Point(29.7, -95.5), scene) / 2, rel=0.01)
    assert metres_fast(walk.at(18.0), scene) < 1.0
