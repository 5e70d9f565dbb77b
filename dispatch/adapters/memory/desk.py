"""The desk's acts in memory: what judge/desk.sql does."""

from typing import Any
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.adapters.memory.rows import CaseRow, Records
from dispatch.adapters.memory.steps import (
    ACK,
    WINDOW,
    digest_of,
    drop_timers,
    end_seats,
    grant_seat,
    must,
    pause_us,
    put_wave,
    queued,
    ring_again,
    set_timer,
)
from dispatch.cases.desk_acts import ANSWERS
from dispatch.cases.facts import Appointed, DeskNote, Fact
from dispatch.cases.machine import Act, evolve
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Actor, Appointment, Event, Happened, Status

ACTS = frozenset(
    {
        Event.TAKEN_BY_DESK,
        Event.OFFICER_ADDED,
        Event.OFFICER_TAKEN_BACK,
        Event.SECOND_ASKED,
        Event.PUT_ON_HOLD,
        Event.HANDED_OVER,
        Event.APPOINTMENT_OFFERED,
        Event.APPOINTMENT_ACCEPTED,
        Event.APPOINTMENT_DECLINED,
    }
)


def note(row: CaseRow, **settled: Any) -> None:
    """Settled about the case, beside what was settled before."""
    row.desk = msgspec.structs.replace(row.desk or DeskNote(), **settled)


def unheld(row: CaseRow, lapse: bool) -> None:
    """Nobody waits for the time of a hold any more; an offer without an answer has lapsed."""
    if row.desk is None:
        return
    note(row, until_us=None)
    appointed = row.desk.appointment
    if lapse and appointed is not None and appointed.answer is Appointment.OFFERED:
        note(row, appointment=msgspec.structs.replace(appointed, answer=Appointment.LAPSED))


def until_us(x: ActDraft, us: int) -> int:
    """Until when an act puts the case off."""
    return us + (x.hold_min or 0) * 60_000_000


def _quiet(db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, us: int) -> Fact:
    """Put off, an appointment offered or answered."""
    body: dict[str, Any] = {} if x.reason is None else {"reason": x.reason}
    begins = until_us(x, us)
    if event is Event.PUT_ON_HOLD:
        note(row, until_us=begins)
        body["deadline_us"] = begins
    elif event is Event.APPOINTMENT_OFFERED:
        ends = begins + (x.lasts_min or 0) * 60_000_000
        note(row, until_us=begins, appointment=Appointed(begins_us=begins, ends_us=ends, answer=Appointment.OFFERED))
        body |= {"deadline_us": begins, "ends_us": ends}
    else:
        assert row.desk is not None and row.desk.appointment is not None, "the machine knows of an offer"
        note(row, appointment=msgspec.structs.replace(row.desk.appointment, answer=ANSWERS[event]))
    fact = db.append(row, event, actor, None, body, us)
    if event is Event.APPOINTMENT_DECLINED:
        note(row, until_us=None)
        queued(db, row, "appointment_declined", us)
    elif event is not Event.APPOINTMENT_ACCEPTED:
        set_timer(db, row, ACK, begins)
    return fact


def hand_over(
    db: Records, row: CaseRow, to: str, actor: str, reason: str, why: str | None, us: int
) -> list[Fact]:  # fmt: skip
    """From one station's desk to another's. The machine has moved the case on by the first entry."""
    said = {} if why is None else {"reason": why}
    gone = db.append(row, Event.HANDED_OVER, actor, None, {"to": to, **said}, us)
    before, row.station = row.station, to
    unheld(row, lapse=True)
    if row.desk is not None:
        note(row, owner=None)
    row.core = evolve(row.core, Happened(Event.CAME_OVER))
    came = db.append(row, Event.CAME_OVER, actor, None, {"from": before, **said}, us)
    for at, timer in db.timers.items():
        if row.id == at[1]:
            db.timers[at] = timer._replace(station=to)
    queued(db, row, reason, us)
    return [gone, came]


def ring(db: Records, row: CaseRow, to: str, us: int) -> list[Fact]:
    """The queue's timer of a case fires: woken, fallen to another station, or an alarm and the next one."""
    if row.core.status is not Status.AT_STATION:
        return []
    spent = row.alarms >= limits.ALARMS_MAX
    if row.core.hold_until is not None and (row.core.acknowledged or spent):
        must(row, Act(Event.WOKEN, Actor.SERVICE), us)
        unheld(row, lapse=True)
        fact = db.append(row, Event.WOKEN, Actor.SERVICE, None, {}, us)
        queued(db, row, "hold_over", us)
        return [fact]
    if row.core.acknowledged:
        return []
    if to != row.station:
        must(row, Act(Event.HANDED_OVER, Actor.SERVICE), us)
        return hand_over(db, row, to, Actor.SERVICE, "unstaffed", "unstaffed", us)
    if spent:
        return []
    must(row, Act(Event.ALARM_RAISED, Actor.SERVICE), us)
    row.alarms += 1
    fact = db.append(row, Event.ALARM_RAISED, Actor.SERVICE, None, {"nr": row.alarms}, us)
    ring_again(db, row, us)
    if row.alarms >= limits.ALARMS_MAX and row.desk is not None and row.desk.until_us is not None:
        set_timer(db, row, ACK, max(db.timers[ACK, row.id].due_us, row.desk.until_us))
    return [fact]


def seen(db: Records, row: CaseRow) -> None:
    """Acknowledged: nobody is reminded, but of what was put off, when its time comes."""
    until = row.desk.until_us if row.desk is not None else None
    if until is None:
        drop_timers(db, row.id, ACK)
    else:
        set_timer(db, row, ACK, until)


def set_shift(db: Records, account: UUID, station: str, on: bool) -> Fact:
    """On or off shift at a desk."""
    us = db.now_us()
    if on:
        db.shifts[account] = (station, us)
    else:
        db.shifts.pop(account, None)
    stream = db.events[station]
    fact = Fact(
        stream=station, offset=len(stream) + 1, kind="desk_shift", actor=f"desk:{account}", at_us=us, body={"on": on}
    )
    stream.append(fact)
    return fact


def open_round(
    db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, officer: UUID | None, asked: tuple[UUID, ...],
    us: int, released: list[str] | None = None,
) -> Fact:  # fmt: skip
    """A new round with those who may be asked. The machine has moved the case on."""
    row.declined = ()
    body: dict[str, Any] = {
        "round": row.core.round, "wave": row.core.wave, "reason": x.reason, "asked": len(asked),
        "deadline_us": row.deadline_us, "recipients": digest_of(asked),
    }  # fmt: skip
    if released is not None:
        body["released"] = released
    if event is Event.REOFFERED:
        drop_timers(db, row.id, ACK)
        unheld(row, lapse=False)
    fact = db.append(row, event, actor, officer, body, us)
    put_wave(db, row, asked, x.last_wave, us, pause_us(db, row, x.pause_ms))
    set_timer(db, row, WINDOW, row.deadline_us)
    return fact


def applied(
    db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, officer: UUID | None, us: int
) -> list[Fact]:  # fmt: skip
    """The entries of an act that was allowed. `event`: what it turned out to be."""
    body: dict[str, Any] = {"reason": x.reason}
    if event is Event.OFFICER_ADDED:
        assert officer is not None
        return [grant_seat(db, row, event, actor, officer, None, us, x.reason)]
    if event is Event.TAKEN_BY_DESK:
        note(row, owner=x.actor_id, until_us=None)
        drop_timers(db, row.id, ACK)
    elif event is Event.HANDED_OVER:
        assert x.to_station is not None
        return hand_over(db, row, x.to_station, actor, "handed_over", x.reason, us)
    elif event is Event.PUT_ON_HOLD or event in ANSWERS:
        return [_quiet(db, row, event, x, actor, us)]
    elif event in (Event.OFFICER_TAKEN_BACK, Event.LAST_TAKEN_BACK):
        body |= {"released": end_seats(db, row, officer), "for": str(x.case) if x.from_case else None}
        if event is Event.LAST_TAKEN_BACK:
            queued(db, row, "taken_back", us)
    elif event is Event.SECOND_ASKED:
        body["seats"] = row.core.seats
    told = {name: value for name, value in body.items() if value is not None}
    return [db.append(row, event, actor, officer, told, us)]
