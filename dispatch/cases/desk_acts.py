"""The desk's acts: their guards and what follows, as `machine` asks them. Pure.

Who owns a case, whom the desk sends, adds or takes back, when it is offered anew, put off or handed over, and what is
agreed with the reporter. SQL's twins: judge/desk.sql, judge/desk_queue.sql.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from dispatch.cases.values import Actor, Appointment, Case, Event, Happened, Holder, OfficerId, OfficerState, Refusal
from dispatch.limits import ROUNDS_MAX, SEATS_MAX

ANSWERS: Final = {
    Event.APPOINTMENT_OFFERED: Appointment.OFFERED,
    Event.APPOINTMENT_ACCEPTED: Appointment.ACCEPTED,
    Event.APPOINTMENT_DECLINED: Appointment.DECLINED,
}
ACTS: Final = frozenset(
    {
        Event.OFFICER_ADDED,
        Event.OFFICER_TAKEN_BACK,
        Event.REOFFERED,
        Event.SECOND_ASKED,
        Event.WOKEN,
        Event.APPOINTMENT_ACCEPTED,
        Event.APPOINTMENT_DECLINED,
    }
)
"""Events with guards of their own here; the others only need the table."""


def judge(
    case: Case, event: Event, actor: Actor, officer: OfficerState | None, anyone: bool, now: datetime
) -> Refusal | None:
    """None allows it. The table and the fence have been asked. `anyone`: somebody could be asked anew."""
    if event is Event.OFFICER_ADDED:
        return judge_sent(case, officer, actor) or (Refusal.SEATS_FULL if _full(case) else None)
    if event is Event.OFFICER_TAKEN_BACK:
        if officer is None:
            return Refusal.NOT_FOUND
        return None if any(h.officer == officer.id for h in case.holders) else Refusal.NOT_HOLDER
    if event is Event.REOFFERED:
        if case.round >= ROUNDS_MAX:
            return Refusal.ROUNDS_SPENT
        return None if anyone else Refusal.NOBODY_NEAR
    if event is Event.WOKEN:
        return Refusal.ILLEGAL if case.hold_until is None or now < case.hold_until else None
    if event in ANSWERS:
        return None if case.appointment is Appointment.OFFERED else Refusal.ILLEGAL
    if len(case.holders) < case.seats:
        return Refusal.ALREADY_ASKED
    return Refusal.SEATS_FULL if _full(case) else None


def judge_sent(case: Case, officer: OfficerState | None, actor: Actor) -> Refusal | None:
    """May this officer be put on a seat? A supervisor may send anybody's, a desk its own and those lent to it."""
    if officer is None:
        return Refusal.NOT_FOUND
    if actor is Actor.DESK and not officer.lent:
        return Refusal.OTHER_STATION
    if any(h.officer == officer.id for h in case.holders):
        return Refusal.ALREADY_HELD
    if not officer.on_duty:
        return Refusal.OFF_DUTY
    return Refusal.NO_SLOT if officer.held >= officer.slots else None


def _full(case: Case) -> bool:
    """No seat is free, and no more may be added."""
    return len(case.holders) >= max(case.seats, SEATS_MAX)


def taken_back(case: Case, officer: OfficerId) -> Event:
    """Without the last holder the case is the desk's."""
    others = any(h.officer != officer for h in case.holders)
    return Event.OFFICER_TAKEN_BACK if others or not case.holders else Event.LAST_TAKEN_BACK


def _lapsed(case: Case, event: Event) -> Appointment | None:
    """An offered appointment after this: declined, or over without an answer."""
    if event is Event.APPOINTMENT_DECLINED:
        return Appointment.DECLINED
    return Appointment.LAPSED if case.appointment is Appointment.OFFERED else case.appointment


def evolve(case: Case, happened: Happened) -> Case:
    """The case after one of these events; as it was after any other."""
    event, officer = happened.event, happened.officer
    if event is Event.TAKEN_BY_DESK:
        return replace(case, acknowledged=True, hold_until=None)
    if event in (Event.PUT_ON_HOLD, Event.APPOINTMENT_OFFERED):
        appointment = ANSWERS.get(event, case.appointment)
        return replace(case, acknowledged=True, hold_until=happened.deadline, appointment=appointment)
    if event is Event.APPOINTMENT_ACCEPTED:
        return replace(case, appointment=Appointment.ACCEPTED)
    if event in (Event.APPOINTMENT_DECLINED, Event.WOKEN, Event.HANDED_OVER):
        return replace(case, acknowledged=False, hold_until=None, appointment=_lapsed(case, event))
    if event is Event.OFFICER_ADDED:
        assert officer is not None
        fence, seats = case.fence + 1, max(case.seats, len(case.holders) + 1)
        return replace(case, fence=fence, seats=seats, holders=(*case.holders, Holder(officer, fence)))
    if event in (Event.OFFICER_TAKEN_BACK, Event.LAST_TAKEN_BACK):
        holders = tuple(h for h in case.holders if h.officer != officer)
        acknowledged = case.acknowledged and event is Event.OFFICER_TAKEN_BACK
        return replace(case, fence=case.fence + 1, holders=holders, acknowledged=acknowledged)
    return replace(case, seats=case.seats + 1) if event is Event.SECOND_ASKED else case
