"""The case machine by itself: guards, their order, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.cases.lifecycle import GUARDS, LEGAL, next_status
from dispatch.cases.machine import Act, Claim, decide, evolve, replay
from dispatch.cases.values import Actor, Case, Event, Happened, Holder, OfficerId, OfficerState, Refusal, Status

T: Final = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ONE, TWO, THREE = (OfficerId(UUID(int=n)) for n in (1, 2, 3))
OFFERED: Final = Case(Status.OFFERED, round=1, wave=1, deadline=T, recipients=frozenset({ONE, TWO}))
CLAIMED: Final = replace(OFFERED, status=Status.CLAIMED, fence=1, holders=(Holder(ONE, 1),))


def free(officer: OfficerId) -> OfficerState:
    return OfficerState(officer, True, 0, 1)


def test_a_claim_a_moment_before_the_deadline_wins() -> None:
    assert decide(OFFERED, Claim(free(ONE), 1), T - timedelta(microseconds=1)) == Happened(Event.CLAIMED, ONE)


def test_a_claim_at_the_exact_deadline_is_late() -> None:
    assert decide(OFFERED, Claim(free(ONE), 1), T) is Refusal.LATE


def test_a_window_falls_back_at_the_exact_deadline_and_not_before() -> None:
    act = Act(Event.FELL_BACK, Actor.SERVICE)
    assert decide(OFFERED, act, T - timedelta(microseconds=1)) is Refusal.ILLEGAL
    assert decide(OFFERED, act, T) == Happened(Event.FELL_BACK)


def test_whoever_was_not_asked_learns_nothing_of_what_became_of_it() -> None:
    for status in (Status.OFFERED, Status.CLAIMED, Status.EN_ROUTE, Status.ON_SCENE, Status.AT_STATION):
        assert decide(replace(OFFERED, status=status), Claim(free(THREE), 1), T) is Refusal.NOT_OFFERED


def test_the_first_of_two_seats_is_filled_and_the_second_claims_the_case() -> None:
    case = replace(OFFERED, seats=2)
    first = decide(case, Claim(free(ONE), 1), T - timedelta(seconds=1))
    assert first == Happened(Event.SEAT_FILLED, ONE)
    case = evolve(case, first)
    assert case.status is Status.OFFERED
    assert decide(case, Claim(free(TWO), 1), T - timedelta(seconds=1)) == Happened(Event.CLAIMED, TWO)


def test_a_first_hand_back_opens_a_round_and_a_second_one_asks_the_desk() -> None:
    back = Act(Event.HANDED_BACK, Actor.OFFICER, free(ONE), 1, recipients=(TWO,), wave=1, deadline=T)
    first = decide(CLAIMED, back, T)
    assert isinstance(first, Happened) and first.event is Event.HANDED_BACK
    case = evolve(CLAIMED, first)
    assert (case.status, case.round, case.handed_back, case.recipients) == (
        Status.OFFERED,
        2,
        frozenset({ONE}),
        frozenset({TWO}),
    )
    assert decide(case, Claim(free(ONE), 2), T - timedelta(seconds=1)) is Refusal.NOT_OFFERED
    case = evolve(case, Happened(Event.CLAIMED, TWO))
    fence = case.holders[0].fence
    second = decide(case, Act(Event.HANDED_BACK, Actor.OFFICER, free(TWO), fence, recipients=(THREE,)), T)
    assert isinstance(second, Happened) and second.event is Event.HANDED_TO_DESK


def test_every_change_of_holder_or_round_makes_older_fences_stale() -> None:
    case, fences = CLAIMED, [CLAIMED.holders[0].fence]
    for happened in (
        Happened(Event.HANDED_BACK, ONE, (TWO,), 1, T), Happened(Event.CLAIMED, TWO), Happened(Event.REASSIGNED, ONE)
    ):  # fmt: skip
        case = evolve(case, happened)
        fences.append(case.fence)
    assert fences == sorted(set(fences))
    assert decide(case, Act(Event.SET_OUT, Actor.OFFICER, free(ONE), fences[0]), T) is Refusal.STALE_FENCE
    assert decide(case, Act(Event.SET_OUT, Actor.OFFICER, free(ONE), case.fence), T) == Happened(Event.SET_OUT, ONE)


@pytest.mark.parametrize(("status", "event"), sorted(set(product(Status, Event)) - set(LEGAL)))
def test_the_forbidden_half_of_the_table_is_refused_and_never_evolves(status: Status, event: Event) -> None:
    case = replace(CLAIMED, status=status)
    with pytest.raises(AssertionError):
        evolve(case, Happened(event, ONE))
    for actor in Actor if event in GUARDS else ():
        decided = decide(case, Act(event, actor, free(ONE), 1, 1, (TWO,)), T)
        assert isinstance(decided, Refusal) or decided.event is not event is Event.HANDED_BACK


def test_closed_is_closed_but_for_the_last_words_of_reporter_and_supervisor() -> None:
    """And that a report leaves it may still be noted, by nobody's own act."""
    open_to = {(s, e) for s in (Status.CLEARED, Status.WITHDRAWN) for e in Event if next_status(s, e)}
    said = (Event.OBJECTED, Event.RATED, Event.RECLASSIFIED, Event.PARTED)
    assert open_to == {(Status.CLEARED, e) for e in said}
    assert not GUARDS[Event.PARTED].actors


def test_every_event_but_the_first_has_a_guard_and_the_outcomes_have_no_actor() -> None:
    assert set(Event) - set(GUARDS) == {Event.RECEIVED}
    nobody = {event for event, guard in GUARDS.items() if not guard.actors}
    assert nobody - {Event.MERGED, Event.FOLLOWED, Event.PARTED} == {
        Event.SEAT_FILLED, Event.CLAIMED, Event.HANDED_TO_DESK, Event.SEAT_LEFT, Event.PREEMPTED,
        Event.PREEMPTED_TO_DESK, Event.NUDGED, Event.WATCH_ALARMED, Event.WATCH_EASED, Event.WELFARE_MISSED,
        Event.SILENT, Event.SILENT_TO_DESK, Event.SEAT_HANDED_BACK, Event.LAST_TAKEN_BACK, Event.CAME_OVER,
    }  # fmt: skip


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.sampled_from(sorted(Event)), max_size=30))
def test_no_history_seats_more_officers_than_there_are_seats(events: list[Event]) -> None:
    """Any legal history, however it came about; claims only where `decide` grants them."""
    case = replay([Happened(Event.OFFER_OPENED, None, (ONE, TWO), 1, T)])
    for n, event in enumerate(events):
        who = (ONE, TWO, THREE)[n % 3]
        for actor in GUARDS[event].actors if event in GUARDS else ():
            fence = next((h.fence for h in case.holders if h.officer == who), None)
            decided = decide(case, Act(event, actor, free(who), fence, case.round, (TWO,), 1, T), T)
            case = evolve(case, decided) if isinstance(decided, Happened) else case
        granted = decide(case, Claim(free(who), case.round), T - timedelta(seconds=1))
        case = evolve(case, granted) if isinstance(granted, Happened) else case
        assert len(case.holders) <= case.seats
        assert len({h.officer for h in case.holders}) == len(case.holders)
