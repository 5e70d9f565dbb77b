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
    pause_us,
    put_wave,
    set_timer,
)
from dispatch.cases.facts import DeskNote, Fact
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Event

ACTS = frozenset({Event.TAKEN_BY_DESK, Event.OFFICER_ADDED, Event.OFFICER_TAKEN_BACK, Event.SECOND_ASKED})


def queued(db: Records, row: CaseRow, reason: str, us: int) -> None:
    """The case stands in the queue anew, and the desk has its 20 s."""
    row.desk_reason = reason
    ack_ms = db.categories[row.category].ack_ms or limits.DESK_ACK_MS
    set_timer(db, row, ACK, us + ack_ms * 1000)


def note(row: CaseRow, **settled: Any) -> None:
    """Settled about the case, beside what was settled before."""
    row.desk = msgspec.structs.replace(row.desk or DeskNote(), **settled)


def open_round(
    db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, officer: UUID | None, asked: tuple[UUID, ...],
    us: int,
) -> Fact:  # fmt: skip
    """A new round with those who may be asked. The machine has moved the case on."""
    row.declined = ()
    body = {
        "round": row.core.round, "wave": row.core.wave, "reason": x.reason, "asked": len(asked),
        "deadline_us": row.deadline_us, "recipients": digest_of(asked),
    }  # fmt: skip
    if event is Event.REOFFERED:
        drop_timers(db, row.id, ACK)
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
        return [grant_seat(db, row, event, actor, officer, None, us)]
    if event is Event.TAKEN_BY_DESK:
        note(row, owner=x.actor_id)
        drop_timers(db, row.id, ACK)
    elif event in (Event.OFFICER_TAKEN_BACK, Event.LAST_TAKEN_BACK):
        body["released"] = end_seats(db, row, officer)
        if event is Event.LAST_TAKEN_BACK:
            queued(db, row, "taken_back", us)
    elif event is Event.SECOND_ASKED:
        body["seats"] = row.core.seats
    told = {name: value for name, value in body.items() if value is not None}
    return [db.append(row, event, actor, officer, told, us)]
