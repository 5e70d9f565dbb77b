"""Who hears that a desk is silent, and what is shown of what it settled."""

from typing import Any, Final

import pytest

from dispatch.cases.audience import Delivery, deliveries
from dispatch.cases.board import Board
from dispatch.cases.desk_views import EVERY, alarms_for, appointed, hears, quiet_ms
from dispatch.cases.facts import Appointed, DeskNote
from dispatch.cases.values import Appointment, Event, Status
from dispatch.cases.views import Alarm, DeskCase, Gone
from tests.unit.cases.states import fact, state

QUEUED: Final = {"status": Status.AT_STATION, "remaining_ms": None, "desk_reason": "window_closed"}


def told(kind: str, **other: Any) -> list[Delivery]:
    return deliveries(fact(5, kind, of=state(**(QUEUED | other))))


def alarms(sent: list[Delivery]) -> list[tuple[Alarm, str | None]]:
    return [(d.view, d.supervisors) for d in sent if isinstance(d.view, Alarm)]


def test_the_first_alarm_is_the_stations_own_and_the_next_is_everybodys() -> None:
    for nr, whose in ((1, "s1"), (2, EVERY), (30, EVERY)):
        ((alarm, heard_by),) = alarms(told("alarm_raised", alarms=nr))
        assert (alarm.nr, alarm.over, heard_by) == (nr, False, whose)


@pytest.mark.parametrize(
    ("own", "of", "hears_it"), [("s1", "s1", True), ("s1", "s2", False), ("s1", EVERY, True), (None, "s2", True)]
)
def test_a_supervisor_of_the_whole_town_hears_every_stations_alarms(own: str | None, of: str, hears_it: bool) -> None:
    assert hears(own, of) is hears_it


@pytest.mark.parametrize("kind", ["acknowledged", "taken_by_desk", "put_on_hold", "appointment_offered"])
def test_an_alarm_is_over_for_everybody_once_somebody_answers(kind: str) -> None:
    ((alarm, heard_by),) = alarms(told(kind, alarms=3, acknowledged=True))
    assert (alarm.over, heard_by) == (True, EVERY)


def test_a_desk_that_answers_in_time_is_nobodys_business() -> None:
    for kind in set(Event) - {Event.HANDED_OVER}:
        assert not alarms(told(kind, acknowledged=True))


def test_a_late_alarm_that_was_answered_meanwhile_does_not_ring() -> None:
    ((alarm, _),) = alarms(told("alarm_raised", alarms=2, acknowledged=True))
    assert alarm.over


def test_a_case_that_went_to_another_station_is_gone_from_this_ones_screen() -> None:
    sent = told("handed_over", station="s2")
    (gone,) = [d for d in sent if d.station is not None]
    assert isinstance(gone.view, Gone) and (gone.station, gone.view.reason) == ("s1", "handed_over")
    assert not [d for d in sent if isinstance(d.view, DeskCase)]
    assert not [d for d in sent if d.case is not None], "the reporter is told by the other station's entry"


def test_supervisors_who_come_later_see_what_rings_for_them() -> None:
    board = Board()
    board.load([(state(**(QUEUED | {"alarms": 1})), frozenset())])
    assert [len(alarms_for(board, own, 0.0)[0]) for own in ("s1", "s2", None)] == [1, 0, 1]
    board.load([(state(**(QUEUED | {"alarms": 2})), frozenset())])
    assert [len(alarms_for(board, own, 0.0)[0]) for own in ("s1", "s2", None)] == [1, 1, 1]
    board.load([(state(**(QUEUED | {"alarms": 2, "acknowledged": True})), frozenset())])
    assert alarms_for(board, None, 0.0) == ((), 0)


def test_a_holds_countdown_runs_from_the_case_s_own_age() -> None:
    held = state(**(QUEUED | {"received_us": 10_000_000, "age_ms": 5_000, "desk": DeskNote(until_us=20_000_000)}))
    assert [quiet_ms(held, passed) for passed in (0, 4_000, 6_000)] == [5_000, 1_000, 0]
    assert quiet_ms(state(), 0) is None


def test_an_appointment_is_shown_in_utc() -> None:
    agreed = Appointed(begins_us=0, ends_us=1_800_000_000, answer=Appointment.OFFERED)
    shown = appointed(state(**(QUEUED | {"desk": DeskNote(appointment=agreed)})))
    assert shown is not None
    assert (shown.begins.isoformat(), shown.ends.isoformat(), shown.answer) == (
        "1970-01-01T00:00:00+00:00", "1970-01-01T00:30:00+00:00", "offered",
    )  # fmt: skip
