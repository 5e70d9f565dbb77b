"""Ways to a place, drawn with noise: who comes nearer is left alone, who does not is noticed in the end."""

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.limits import (
    FIX_INTERVAL_S,
    WATCH_AWAY_M,
    WATCH_AWAY_S,
    WATCH_DARK_S,
    WATCH_FIXES_MIN,
    WATCH_NEAR_M,
    WATCH_PROGRESS_M,
    WATCH_STALL_S,
)
from dispatch.watch.progress import Patience, Sign, Way, patience_of

PATIENCE = Patience()


def signs(
    metres: Callable[[float], float], until_s: float, every_s: float = FIX_INTERVAL_S
) -> list[tuple[float, Sign]]:
    """When which sign is first seen, over a phone that sends regularly."""
    way, seen = Way(0.0), dict[Sign, float]()
    for n in range(int(until_s / every_s)):
        at = n * every_s
        way.saw(at, metres(at))
        sign = way.sign(at, PATIENCE)
        if sign is not None:
            seen.setdefault(sign, at)
    return sorted((at, sign) for sign, at in seen.items())


@pytest.mark.parametrize("seed", range(20))
def test_who_walks_or_drives_towards_the_place_is_never_noticed(seed: int) -> None:
    dice = random.Random(seed)
    speed, start = dice.uniform(1.0, 15.0), dice.uniform(500, 6_000)
    assert signs(lambda at: max(0.0, start - speed * at) + dice.gauss(0, 15), start / speed + 600) == [], f"seed {seed}"


@pytest.mark.parametrize("seed", range(20))
def test_who_stands_still_is_noticed_after_minutes_whatever_the_phone_wanders(seed: int) -> None:
    dice = random.Random(seed)
    (first,) = signs(lambda at: 2_000 + max(-45.0, min(45.0, dice.gauss(0, 20))), 900)
    assert first[1] is Sign.NO_PROGRESS and WATCH_STALL_S <= first[0] <= WATCH_STALL_S + 2 * FIX_INTERVAL_S, (
        f"seed {seed}"
    )


def test_who_drives_away_is_noticed_sooner_than_who_stands() -> None:
    ((at, sign), *_) = signs(lambda at: 1_000 + 10 * at, 600)
    assert sign is Sign.OTHER_DIRECTION and WATCH_AWAY_S <= at < WATCH_STALL_S


def test_a_detour_that_leads_back_in_time_is_no_sign() -> None:
    """Out over the next bridge for a minute and a half, then straight in."""
    assert signs(lambda at: 3_000 + 8 * at if at < 90 else 3_720 - 12 * (at - 90), 390) == []


def test_after_a_long_detour_coming_back_counts_at_once() -> None:
    way = Way(0.0)
    for n in range(40):
        way.saw(n * 5.0, 1_000 + 50.0 * n)
    assert way.sign(195.0, PATIENCE) is Sign.OTHER_DIRECTION
    way.raised()
    for n in range(4):
        way.saw(200.0 + n * 5.0, 2_950 - 50.0 * n)
    assert way.sign(215.0, PATIENCE) is None and way.eased(215.0, Sign.OTHER_DIRECTION)


def test_near_the_place_nothing_is_noticed() -> None:
    assert signs(lambda at: WATCH_NEAR_M, 1_800) == []


def test_one_or_two_fixes_never_decide() -> None:
    way = Way(0.0)
    way.saw(0.0, 2_000)
    for n in range(1, WATCH_FIXES_MIN):
        at = WATCH_STALL_S + 20.0 * n
        way.saw(at, 2_000)
        assert way.sign(at, PATIENCE) is None
    assert way.fixes < WATCH_FIXES_MIN


def test_a_phone_that_was_never_heard_is_only_that_and_only_after_long() -> None:
    way = Way(100.0)
    assert way.sign(100.0 + WATCH_DARK_S - 1, PATIENCE) is None
    assert way.sign(100.0 + WATCH_DARK_S, PATIENCE) is Sign.NO_POSITION


def test_a_phone_that_fell_silent_is_dark_from_its_last_fix_and_a_new_fix_is_enough() -> None:
    way = Way(0.0)
    way.saw(50.0, 2_000)
    assert way.sign(50.0 + WATCH_DARK_S - 1, PATIENCE) is None
    assert way.sign(50.0 + WATCH_DARK_S, PATIENCE) is Sign.NO_POSITION
    way.raised()
    assert not way.eased(400.0, Sign.NO_POSITION)
    way.saw(400.0, 2_000)
    assert way.eased(400.0, Sign.NO_POSITION) and not way.eased(400.0, Sign.NO_PROGRESS)


def test_a_gap_in_the_fixes_is_no_standing_still() -> None:
    way = Way(0.0)
    for n in range(WATCH_FIXES_MIN + 2):
        way.saw(n * 5.0, 2_000)
    way.saw(250.0, 2_000)
    assert way.sign(250.0, PATIENCE) is None


def test_an_older_fix_and_the_same_fix_change_nothing() -> None:
    way = Way(0.0)
    way.saw(10.0, 500)
    way.saw(10.0, 100)
    way.saw(5.0, 100)
    assert (way.metres, way.fixes) == (500, 0)


def test_what_stood_noticed_eases_by_progress_only() -> None:
    way = Way(0.0)
    for n in range(60):
        way.saw(n * 5.0, 2_000)
    way.raised()
    way.saw(300.0, 2_000 - WATCH_PROGRESS_M + 1)
    assert not way.eased(300.0, Sign.NO_PROGRESS)
    way.saw(305.0, 2_000 - WATCH_PROGRESS_M)
    assert way.eased(305.0, Sign.NO_PROGRESS)


def test_a_categorys_own_patience_replaces_every_wait() -> None:
    assert patience_of(None) == PATIENCE
    assert patience_of(700) == Patience(0.7, 0.7, 0.7)
    assert Way(0.0).sign(0.7, patience_of(700)) is Sign.NO_POSITION


@given(
    steps=st.lists(st.tuples(st.floats(0.1, 60.0), st.floats(0, 20_000)), max_size=60),
)
def test_no_way_is_noticed_sooner_than_its_time(steps: Iterable[tuple[float, float]]) -> None:
    """Whatever comes: no sign before the shortest patience has passed, none of progress before enough fixes."""
    way, at = Way(0.0), 0.0
    for wait_s, metres in steps:
        at += wait_s
        way.saw(at, metres)
        sign = way.sign(at, PATIENCE)
        if sign is not None:
            assert at >= WATCH_AWAY_S and way.fixes >= WATCH_FIXES_MIN and way.metres > WATCH_NEAR_M
        if sign is Sign.OTHER_DIRECTION:
            assert way.metres >= WATCH_AWAY_M


def test_what_was_heard_before_a_missing_position_was_noticed_does_not_end_it_however_short_the_patience() -> None:
    way, brief = Way(0.0), Patience(dark_s=2.5)
    way.saw(0.0, 100.0)
    assert way.sign(3.0, brief) is Sign.NO_POSITION
    way.raised()
    way.saw(0.000_01, 100.0)  # the same one, told anew by a clock that was read a moment later
    assert way.fixes == 0 and not way.eased(5.0, Sign.NO_POSITION)
    way.saw(5.0, 100.0)
    assert way.eased(5.0, Sign.NO_POSITION)
