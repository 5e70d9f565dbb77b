"""What is due: windows, acknowledgements, waves. The answers of fire_window, fire_ack, due_waves and widen_offers."""

from collections.abc import Sequence
from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory.desk import ring
from dispatch.adapters.memory.rows import CaseRow, Records, WaveRow
from dispatch.adapters.memory.steps import (
    ACK,
    WAVE,
    WELFARE,
    WINDOW,
    all_answered,
    desk_for,
    digest_of,
    drop_timers,
    happen,
    must,
    pause_us,
    put_wave,
    send_to_desk,
    set_timer,
    to_desk,
)
from dispatch.cases.facts import Answer
from dispatch.cases.machine import Act
from dispatch.cases.ports import DueWave, WideDraft
from dispatch.cases.values import Actor, Event, Happened, OfficerId, Status

DUE_WAVES_MAX = 500


def _due(db: Records, kind: str, us: int, station: str | None = None) -> list[UUID]:
    """Cases whose timer of a kind is due, the longest due first."""
    due = [
        (timer.due_us, case)
        for (of, case), timer in db.timers.items()
        if of == kind and timer.due_us <= us and station in (None, timer.station)
    ]
    return [case for _, case in sorted(due)]


def due_stations(db: Records, us: int) -> list[str]:
    due = {t.station: None for (kind, _), t in db.timers.items() if kind not in (WAVE, WELFARE) and t.due_us <= us}
    return list(due)


def fire_window(db: Records, station: str, us: int) -> list[Answer]:
    """Open offers of the station whose minute is over go to the desk."""
    answers = []
    for row in ready(db, WINDOW, station, us):
        if row.core.status is Status.OFFERED and row.deadline_us > us:
            continue  # offered anew: harmless
        drop_timers(db, row.id, WINDOW, WAVE)
        if row.core.status is not Status.OFFERED:
            continue  # answered: harmless
        if isinstance(happen(row, Act(Event.FELL_BACK, Actor.SERVICE), us), Happened):
            fact = to_desk(db, row, Event.FELL_BACK, Actor.SERVICE, None, "window_closed", us)
            answers.append(db.answer(row, [fact]))
    return answers


def ready(db: Records, kind: str, station: str, us: int) -> list[CaseRow]:
    due = _due(db, kind, us, station)[: limits.SWEEP_BATCH_MAX]
    return [db.cases[case] for case in sorted(due)]


def fire_ack(db: Records, station: str, us: int) -> list[Answer]:
    """Timers of the desk's queue: woken, fallen to a station that is staffed, or an alarm each."""
    answers, to = [], desk_for(db, station, us)
    for row in ready(db, ACK, station, us):
        drop_timers(db, row.id, ACK)
        facts = ring(db, row, to, us)
        if facts:
            answers.append(db.answer(row, facts))
    return answers


def due_waves(db: Records, us: int) -> list[DueWave]:
    found = []
    for case in _due(db, WAVE, us):
        row, timer = db.cases[case], db.timers[WAVE, case]
        if row.core.status is Status.OFFERED and row.core.round == timer.round and row.deadline_us > us:
            found.append(
                DueWave(
                    case,
                    row.station,
                    row.category,
                    timer.round,
                    timer.wave,
                    row.lat,
                    row.lon,
                    row.received_us,
                    frozenset(row.asked(timer.round)),
                )
            )
    return found[:DUE_WAVES_MAX]


def widen(db: Records, drafts: Sequence[WideDraft], us: int) -> list[Answer]:
    """More officers for open offers; nobody is asked twice in a round, and a wave that was opened stays opened."""
    answers = [_widen_one(db, x, us) for x in drafts]
    return [answer for answer in answers if answer is not None]


def _widen_one(db: Records, x: WideDraft, us: int) -> Answer | None:
    row = db.cases.get(x.case)
    if row is None or row.core.status is not Status.OFFERED or us >= row.deadline_us or row.core.round != x.round:
        return None
    event = Event(x.event)
    timer = db.timers.get((WAVE, row.id))
    joined = event is Event.OFFER_JOINED
    if not joined and (timer is None or (timer.round, timer.wave) != (x.round, x.wave)):
        return None  # another sweeper was first
    never = (*row.handed_back, *row.asked(x.round))
    to = db.eligible(row.station, row.category, x, never, us)
    if not to:
        return None if joined else _pass_wave(db, row, x, us)
    must(row, Act(event, Actor.SERVICE, recipients=tuple(map(OfficerId, to)), wave=None if joined else x.ring), us)
    body = {
        "round": row.core.round, "wave": row.core.wave, "ring_m": x.ring_m, "asked": len(to),
        "recipients": digest_of(to),
    }  # fmt: skip
    fact = db.append(row, event, Actor.SERVICE, None, body, us)
    if joined:
        row.waves.append(WaveRow(row.seq, row.core.round, row.core.wave, to))
    else:
        put_wave(db, row, to, x.last_wave, us, pause_us(db, row, x.pause_ms))
    return db.answer(row, [fact], to)


def _pass_wave(db: Records, row: CaseRow, x: WideDraft, us: int) -> Answer | None:
    """A wave that found nobody: the next is due after its pause (at once when nobody is left who could answer);
    after the widest, the desk when everyone has answered. Turns go on while somebody might answer."""
    answered = all_answered(row)
    if not x.last_wave or (x.asks is not None and not answered):
        after_us = 0 if answered else pause_us(db, row, x.pause_ms)
        set_timer(db, row, WAVE, us + after_us, db.timers[WAVE, row.id].wave + 1)
        return None
    drop_timers(db, row.id, WAVE)
    if not answered:
        return None
    reason = "all_declined" if row.asked(row.core.round) else "nobody_near"
    return db.answer(row, [send_to_desk(db, row, reason, us)])
