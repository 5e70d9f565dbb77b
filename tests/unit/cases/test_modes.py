"""Whom each mode asks, in which wave, over real positions in memory."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pytest

from dispatch.cases.catalogue import Catalogue, Category, Station
from dispatch.cases.eligibility import Border
from dispatch.cases.modes import HEAD_START, Plan, next_wave, opening_wave
from dispatch.cases.policy import Mode
from dispatch.cases.service import Reporting
from dispatch.limits import BEST_OFFICER_TURN_MS
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import OnDuty, Roster
from geo.point import Point
from tests.unit.cases.states import state

LAT, LON = 32.05, 118.79
METRE = 1 / 110_900  # degrees of latitude there
NEAR, NEXT, FAR, BLIND = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
RINGS = (500, 1_000, 2_000)
BEST = Plan(Mode.BEST_OFFICER, RINGS, 6_000)


def town(*, healthy: bool = True, **beats: str) -> LivePositions:
    """Officers of s1 at 300 m, 900 m and 1,900 m, the furthest of s2, and one whose place is not known."""
    roster = Roster()
    positions = LivePositions(roster, lambda: 100.0)
    positions.listening(healthy, loaded=True)
    for officer, station in ((NEAR, "s1"), (NEXT, "s1"), (FAR, "s2"), (BLIND, "s1")):
        roster.load([OnDuty(officer, station, f"04{officer.int}", "李", beat=beats.get(f"o{officer.int}"))])
    for officer, metres in ((NEAR, 300), (NEXT, 900), (FAR, 1_900)):
        positions.put(officer, LAT + metres * METRE, LON, 10.0, 0.0)
    return positions


def opened(plan: Plan, near: LivePositions | None = None, except_for: Sequence[UUID] = ()) -> Any:
    return opening_wave(near or town(), plan, LAT, LON, "s1", except_for=frozenset(except_for))


def after(plan: Plan, number: int, *asked: UUID, near: LivePositions | None = None) -> Any:
    return next_wave(near or town(), plan, LAT, LON, "s1", number, except_for=frozenset(asked))


def test_snatch_asks_ring_by_ring() -> None:
    plan = Plan(rings_m=RINGS)
    first = opened(plan)
    assert (list(first.candidates), first.number, first.last, first.asks, first.pause_ms) == (
        [NEAR],
        1,
        False,
        None,
        None,
    )
    assert list(after(plan, 2, NEAR).candidates) == [NEXT]
    assert list(after(plan, 3, NEAR, NEXT).candidates) == [FAR, BLIND]
    assert after(plan, 9, NEAR, NEXT).last, "beyond the widest ring is the widest ring"


def test_the_best_officer_is_the_nearest_and_each_has_a_turn() -> None:
    first = opened(BEST)
    assert (list(first.candidates), first.number) == ([NEAR, NEXT, FAR, BLIND], 1)
    assert (first.asks, first.pause_ms, first.last) == (1, 6_000, False)
    second = after(BEST, 2, NEAR)
    assert (second.candidates[0], second.number, second.asks, second.last) == (NEXT, 2, 1, False)
    fourth = after(BEST, 4, NEAR, NEXT, FAR)
    assert (list(fourth.candidates), fourth.last) == ([BLIND], False)


def test_after_the_last_turn_nobody_is_left() -> None:
    wave = after(BEST, 5, NEAR, NEXT, FAR, BLIND)
    assert (list(wave.candidates), wave.last, wave.asks, wave.pause_ms) == ([], True, 1, 6_000)


def test_the_best_officer_cannot_be_known_without_positions_so_the_station_is_asked_at_once() -> None:
    wave = opened(BEST, town(healthy=False))
    assert (set(wave.candidates), wave.asks, wave.last) == ({NEAR, NEXT, BLIND}, None, True)


def test_desk_first_asks_nobody_whoever_is_near() -> None:
    wave = opened(Plan(Mode.DESK_FIRST, RINGS, head_start_ms=5_000, beat="b1"), town(o1="b1"))
    assert (list(wave.candidates), wave.last, wave.desk_first) == ([], True, True)


@pytest.mark.parametrize("mode", [Mode.SNATCH, Mode.BEST_OFFICER])
def test_the_beats_own_officers_are_asked_before_anybody_else(mode: Mode) -> None:
    near, plan = town(o2="b1", o3="b1", o4="b1"), Plan(mode, RINGS, 6_000, head_start_ms=5_000, beat="b1")
    first = opened(plan, near)
    assert (list(first.candidates), first.number, first.pause_ms) == ([NEXT, FAR], HEAD_START, 5_000)
    assert (first.asks, first.last) == (None, False)
    then = after(plan, 1, NEXT, FAR, near=near)
    assert then.candidates[0] == NEAR
    assert then.number == 1


def test_without_an_own_officer_near_nobody_waits_for_a_head_start() -> None:
    plan = Plan(Mode.SNATCH, RINGS, head_start_ms=5_000, beat="b1")
    for near in (town(), town(o1="b2"), town(o4="b1")):
        assert (list(opened(plan, near).candidates), opened(plan, near).number) == ([NEAR], 1)
    back = opened(plan, town(o1="b1"), [NEAR])
    assert (list(back.candidates), back.number) == ([NEXT], 2), "who gave it back has no head start"
    assert opened(plan, town(healthy=False, o1="b1")).number == len(RINGS)


def test_a_stations_own_officers_only_where_its_border_is_closed() -> None:
    assert list(opened(Plan(Mode.BEST_OFFICER, RINGS, own=True)).candidates) == [NEAR, NEXT, BLIND]
    assert list(after(Plan(rings_m=RINGS, own=True), 3, NEAR, NEXT).candidates) == [BLIND]


# --- which plan
def catalogue(station: Station | None = None, **kind: Any) -> Catalogue:
    said = {"rings_m": RINGS, **kind}
    return Catalogue(
        {"theft": Category("theft", "盗窃", "Theft", **said)},
        {"s1": station or Station("s1", "一", "One")},
        "s1",
        beat_of=lambda point: "b1" if point.lat > 0 else None,
    )


def at(hour: float) -> Any:
    return lambda: 86_400 * 20_000 + hour * 3_600


def test_an_hours_mode_is_of_the_stations_own_day() -> None:
    hours = {22: Mode.DESK_FIRST, 23: Mode.DESK_FIRST, 0: Mode.BEST_OFFICER}
    nanjing = catalogue(Station("s1", "一", "One", utc_offset_s=8 * 3_600), by_hour=hours)
    said = [nanjing.plan_of("theft", "s1", at(hour)).mode for hour in (13.99, 14, 15.99, 16, 16.99, 17)]
    assert said == [Mode.SNATCH, Mode.DESK_FIRST, Mode.DESK_FIRST, Mode.BEST_OFFICER, Mode.BEST_OFFICER, Mode.SNATCH]
    west = catalogue(Station("s1", "一", "One", utc_offset_s=-5 * 3_600), by_hour=hours)
    assert west.plan_of("theft", "s1", at(4)).mode is Mode.DESK_FIRST, "23 h of the day before"


def test_no_clock_is_read_where_no_hour_matters() -> None:
    def never() -> float:
        raise AssertionError

    plan = catalogue(mode=Mode.BEST_OFFICER).plan_of("theft", "s1", never)
    assert (plan.mode, plan.turn_ms, plan.rings_m, plan.own) == (Mode.BEST_OFFICER, BEST_OFFICER_TURN_MS, RINGS, False)


def test_a_stations_head_start_and_border_come_before_the_categorys() -> None:
    here, elsewhere = Point(LAT, LON), Point(-LAT, LON)
    plain = catalogue(head_start_ms=4_000).opening_plan("theft", "s1", here, at(0))
    assert (plain.head_start_ms, plain.beat, plain.own) == (4_000, "b1", False)
    strict = catalogue(Station("s1", "一", "One", Border.OWN, 9_000), head_start_ms=4_000)
    assert strict.opening_plan("theft", "s1", elsewhere, at(0)) == Plan(
        rings_m=RINGS, head_start_ms=9_000, own=True, beat=None
    )
    none = catalogue(Station("s1", "一", "One", head_start_ms=0), head_start_ms=4_000)
    assert none.opening_plan("theft", "s1", here, at(0)).beat is None


@pytest.mark.parametrize(("by_desk", "asked"), [(False, []), (True, [NEAR])])
def test_what_is_the_desks_first_is_offered_again_only_when_the_desk_wants_it(
    by_desk: bool, asked: Sequence[UUID]
) -> None:
    kinds = catalogue(by_hour={9: Mode.DESK_FIRST})
    reporting = Reporting(cast(Any, None), cast(Any, None), town(), kinds, at(15))
    received_us = int((86_400 * 20_000 + 9.5 * 3_600) * 1e6)
    case = state(lat=LAT, lon=LON, received_us=received_us)
    assert list(reporting.wave_again(case, frozenset(), by_desk=by_desk).candidates) == asked
    assert list(reporting.wave("theft", LAT, LON, "s1").candidates) == [NEAR], "it is another hour by now"
