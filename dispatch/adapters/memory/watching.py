"""The watch and the pull in memory: what judge/watch.sql, judge/leaving.sql and judge/pulling.sql do."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory import desk
from dispatch.adapters.memory.rows import CaseRow, Records, SeatRow, utc
from dispatch.adapters.memory.steps import (
    WELFARE,
    WINDOW,
    digest_of,
    drop_timers,
    end_seats,
    grant_seat,
    pause_us,
    put_wave,
    queued,
    set_timer,
    window_us,
)
from dispatch.cases import leaving
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.machine import evolve
from dispatch.cases.ports import ActDraft
from dispatch.cases.pulling import Pull, judge_pull, leaves_by
from dispatch.cases.values import Event, Happened, OfficerId, Refusal
from dispatch.watch.ports import WatchDraft, WatchedSeat
from dispatch.watch.steps import BY_DESK, Step, due, pause_ms, still_comes


def _seat(row: CaseRow | None, officer: UUID, fence: int) -> SeatRow | None:
    return next((s for s in row.seated if (s.officer, s.fence) == (officer, fence)), None) if row else None


def _comes(row: CaseRow, seat: SeatRow) -> bool:
    return still_comes(row.core.status, seat.state == "on_scene")


def _step_due_us(db: Records, row: CaseRow, step: Step | None, us: int) -> int | None:
    pause = pause_ms(step, db.categories[row.category].patience_ms)
    return None if pause is None else us + pause * 1000


def time_watch(db: Records, row: CaseRow) -> None:
    """The case's timer of the watch: the first of its seats' times, or none."""
    times = [s.watch_due_us for s in row.seated if s.watch_due_us is not None]
    if times:
        set_timer(db, row, WELFARE, min(times))
    else:
        drop_timers(db, row.id, WELFARE)


def put_step(
    db: Records, row: CaseRow, seat: SeatRow, event: Event, step: Step | None, why: str | None, actor: str,
    body: dict[str, Any], us: int,
) -> Fact:  # fmt: skip
    """The seat at a step, and its entry. The machine has moved the case on."""
    seat.watch, seat.watch_why = step, why if step is not None else None
    seat.watch_due_us = _step_due_us(db, row, step, us)
    if event is Event.WELFARE_ANSWERED:
        seat.watch_after_us = us + limits.WATCH_REST_MS * 1000
    fact = db.append(row, event, actor, seat.officer, body, us)
    time_watch(db, row)
    return fact


def apply_welfare(
    db: Records, row: CaseRow, event: Event, actor: str, officer: UUID, reason: str | None, us: int
) -> Fact:
    """A desk opens a check, or the officer answers one."""
    seat = next(s for s in row.seated if s.officer == officer)
    asks = event is Event.WELFARE_ASKED
    body = {"why": BY_DESK if asks else None, "reason": reason}
    told = {name: value for name, value in body.items() if value is not None}
    return put_step(db, row, seat, event, Step.ASKED if asks else None, BY_DESK, actor, told, us)


def leave_case(
    db: Records, row: CaseRow, event: Event, actor: str, officer: UUID, x: ActDraft | WatchDraft, body: dict[str, Any],
    us: int,
) -> tuple[Fact, tuple[UUID, ...]]:  # fmt: skip
    """An officer leaves and the case goes on at once: who is asked now, or the desk."""
    asked = db.eligible(row.station, row.category, x, (*row.handed_back, officer), us)
    recipients = tuple(map(OfficerId, asked))
    most = db.stations[row.station].hand_backs_max or limits.HAND_BACKS_MAX
    row.core = replace(row.core, hand_backs_max=most)
    really = leaving.resolved(row.core, event, recipients)
    opens = really is event
    deadline_us = us + window_us(db, row)
    row.core = evolve(
        row.core,
        Happened(really, OfficerId(officer), recipients if opens else (), x.wave if opens else None,
                 utc(deadline_us) if opens else None),
    )  # fmt: skip
    body = {**body, "released": end_seats(db, row, officer)}
    if event is Event.SILENT:
        row.handed_back += () if officer in row.handed_back else (officer,)
    if not opens:
        fact = db.append(row, really, actor, officer, {"reason": str(event), **body}, us)
        queued(db, row, str(event), us)
        return fact, ()
    row.declined, row.deadline_us = (), deadline_us
    body |= {"round": row.core.round, "wave": row.core.wave, "asked": len(asked), "deadline_us": deadline_us,
             "recipients": digest_of(asked)}  # fmt: skip
    fact = db.append(row, event, actor, officer, body, us)
    put_wave(db, row, asked, x.last_wave, us, pause_us(db, row, x.pause_ms))
    set_timer(db, row, WINDOW, deadline_us)
    return fact, asked


def pull(db: Records, x: ActDraft, us: int) -> tuple[Refusal | None, list[Answer]]:
    """Both cases change, or neither; the wanted one first. The key has been asked."""
    wanted, held = db.cases.get(x.case), db.cases.get(x.from_case) if x.from_case else None
    officer = db.officers.get(x.officer) if x.officer else None
    if wanted is None or held is None:
        return Refusal.NOT_FOUND, []
    if x.actor == "desk" and {wanted.station, held.station} != {x.station}:
        return Refusal.NOT_YOURS, []
    if officer is None:
        return Refusal.NOT_FOUND, []
    priorities = db.categories[held.category].priority, db.categories[wanted.category].priority
    asked_after = any(
        seat.officer == officer.id and seat.watch in (Step.ASKED, Step.MISSED)
        for row in db.cases.values() for seat in row.seated
    )  # fmt: skip
    refusal = judge_pull(held.core, wanted.core, Pull(officer.seen(), *priorities, asked_after))
    if refusal is not None:
        return refusal, []
    actor = f"{x.actor}:{x.actor_id}"
    body = {"for": str(x.case)} if x.reason is None else {"for": str(x.case), "reason": x.reason}
    leaving_by, asked = leaves_by(held.core, OfficerId(officer.id)), tuple[UUID, ...]()
    if leaving_by is Event.PREEMPTED:
        left, asked = leave_case(db, held, leaving_by, actor, officer.id, x, body, us)
    else:
        held.core = evolve(held.core, Happened(leaving_by, OfficerId(officer.id)))
        (left,) = desk.applied(db, held, leaving_by, x, actor, officer.id, us)
    wanted.core = evolve(wanted.core, Happened(Event.ASSIGNED, OfficerId(officer.id)))
    drop_timers(db, wanted.id)
    desk.unheld(wanted, lapse=False)
    sent = grant_seat(db, wanted, Event.ASSIGNED, actor, officer.id, None, us, x.reason)
    return None, [db.answer(wanted, [sent]), db.answer(held, [left], asked)]


class MemoryWatch:
    """`dispatch.watch.ports.WatchStore` on records that it shares."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def _told(self, row: CaseRow, seat: SeatRow) -> WatchedSeat:
        return WatchedSeat(row.id, seat.officer, seat.fence, row.station, row.category, row.lat, row.lon,
                           row.received_us, str(row.core.status), seat.watch, seat.watch_why)  # fmt: skip

    async def watched(self) -> list[WatchedSeat]:
        seats = [(row, seat) for row in self.records.cases.values() for seat in row.seated]
        return [self._told(*one) for one in seats if _comes(*one)][: limits.WATCHED_MAX]

    async def due(self) -> list[WatchedSeat]:
        db, us = self.records, self.records.now_us()
        rows = [db.cases[case] for (kind, case), timer in db.timers.items() if kind == WELFARE and timer.due_us <= us]
        found = [(row, s) for row in rows for s in row.seated if s.watch_due_us is not None and s.watch_due_us <= us]
        return [self._told(row, seat) for row, seat in found][: limits.SWEEP_BATCH_MAX]

    async def watch(self, draft: WatchDraft) -> list[Answer]:
        db, us = self.records, self.records.now_us()
        row = db.cases.get(draft.case)
        seat = _seat(row, draft.officer, draft.fence)
        if row is None or seat is None:
            return []
        if draft.what == "due":
            return self._due(row, seat, draft, us)
        on_the_way = _comes(row, seat)
        if draft.what == "raise" and on_the_way and seat.watch is None and us >= (seat.watch_after_us or us):
            return self._step(row, seat, Event.NUDGED, Step.NUDGED, draft.why, {"why": draft.why}, us)
        steps = (Step.NUDGED, Step.ALARMED, Step.ASKED)
        if draft.what == "ease" and on_the_way and seat.watch in steps and seat.watch_why != BY_DESK:
            return self._step(row, seat, Event.WATCH_EASED, None, None, {}, us)
        return []

    def _step(
        self, row: CaseRow, seat: SeatRow, event: Event, step: Step | None, why: str | None, body: dict[str, Any],
        us: int,
    ) -> list[Answer]:  # fmt: skip
        row.core = evolve(row.core, Happened(event, OfficerId(seat.officer)))
        return [self.records.answer(row, [put_step(self.records, row, seat, event, step, why, "service", body, us)])]

    def _due(self, row: CaseRow, seat: SeatRow, draft: WatchDraft, us: int) -> list[Answer]:
        if seat.watch is None or seat.watch_due_us is None or us < seat.watch_due_us:
            return []
        follows = due(row.core.status, Step(seat.watch), seat.state == "on_scene")
        if follows is None:  # the case is elsewhere for now: look again later
            seat.watch_due_us = _step_due_us(self.records, row, Step(seat.watch), us)
            time_watch(self.records, row)
            return []
        body = {"why": seat.watch_why}
        if follows.event is not Event.SILENT:
            return self._step(row, seat, follows.event, follows.step, seat.watch_why, body, us)
        fact, asked = leave_case(self.records, row, Event.SILENT, "service", seat.officer, draft, body, us)
        time_watch(self.records, row)
        return [self.records.answer(row, [fact], asked)]
