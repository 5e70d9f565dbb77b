"""What several acts of the judge have in common: waves, timers, seats, and the way to the desk."""

import hashlib
from collections.abc import Sequence
from itertools import count
from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory.rows import CaseRow, Records, SeatRow, Timer, WaveRow, utc
from dispatch.cases.facts import Fact
from dispatch.cases.machine import Act, Claim, decide, evolve
from dispatch.cases.values import Actor, Event, Happened, OfficerId, Refusal, Status

WINDOW, WAVE, ACK, CHECK_IN = "window", "wave", "ack", "check_in"
WELFARE = "welfare"  # of the watch; an officer who is sent does not end it


def happen(row: CaseRow, command: Act | Claim, us: int) -> Happened | Refusal:
    """Asks the case machine and, where it allows, moves the case on. A station's policies are in the case already."""
    decided = decide(row.core, command, utc(us))
    if isinstance(decided, Happened):
        row.core = evolve(row.core, decided)
    return decided


def must(row: CaseRow, command: Act, us: int) -> None:
    """As `happen`, for what the caller has made sure of."""
    decided = happen(row, command, us)
    assert isinstance(decided, Happened), f"{command.event} was refused: {decided}"


def word_of(case: UUID, officer: UUID, fence: int) -> str:
    """Four digits. Drawn from what is known: there is nobody to keep a secret from in a simulation."""
    drawn = hashlib.sha256(f"{case}|{officer}|{fence}".encode()).digest()
    return f"{int.from_bytes(drawn[:4], 'big') % 10_000:04d}"


def digest_of(recipients: Sequence[UUID]) -> str:
    return hashlib.sha256(",".join(map(str, recipients)).encode()).hexdigest()


def window_us(db: Records, row: CaseRow) -> int:
    return (db.categories[row.category].window_ms or limits.OFFER_WINDOW_MS) * 1000


def pause_us(db: Records, row: CaseRow, pause_ms: int | None) -> int:
    """How long a wave lasts: a head start's or a turn's own pause, else the category's."""
    return (pause_ms or db.categories[row.category].wave_ms or limits.WAVE_INTERVAL_MS) * 1000


def set_timer(db: Records, row: CaseRow, kind: str, due_us: int, wave: int = 0) -> None:
    """The case's only timer of a kind, set or moved."""
    db.timers[kind, row.id] = Timer(row.station, due_us, row.core.round, wave)


def drop_timers(db: Records, case: UUID, *kinds: str) -> None:
    for kind in kinds or (WINDOW, WAVE, ACK, CHECK_IN):
        db.timers.pop((kind, case), None)


def put_wave(
    db: Records, row: CaseRow, recipients: tuple[UUID, ...], last: bool, us: int, pause_us: int
) -> None:  # fmt: skip
    """Who was asked, and that the next wave opens after a pause."""
    row.waves.append(WaveRow(row.seq, row.core.round, row.core.wave, recipients))
    if last:
        drop_timers(db, row.id, WAVE)
    else:
        set_timer(db, row, WAVE, us + pause_us, row.core.wave + 1)


def _answered(row: CaseRow) -> frozenset[OfficerId]:
    return row.core.declined | row.core.handed_back | {h.officer for h in row.core.holders}


def wave_answered(row: CaseRow) -> bool:
    """Has everyone whom the latest wave asked declined or taken a seat?"""
    answered = _answered(row)
    latest = (w for w in row.waves if (w.round, w.wave) == (row.core.round, row.core.wave))
    return all(o in answered for w in latest for o in w.recipients)


def all_answered(row: CaseRow) -> bool:
    """Has everyone asked in this round declined, taken a seat or given it back?"""
    return row.core.recipients <= _answered(row)


def go_on(db: Records, row: CaseRow, us: int) -> list[Fact]:
    """Somebody who was asked will not come: when everyone in a wave has said so, the next one opens at once; after the
    widest the desk has the case, when nobody is left who could answer."""
    if not wave_answered(row):
        return []
    timer = db.timers.get((WAVE, row.id))
    if timer is not None and timer.round == row.core.round:
        db.timers[WAVE, row.id] = timer._replace(due_us=us)
        return []
    return [send_to_desk(db, row, "all_declined", us)] if all_answered(row) else []


def hand_seat_back(db: Records, row: CaseRow, reason: str | None, actor: str, officer: UUID, us: int) -> list[Fact]:
    """One of several stands down. The machine has moved the case on."""
    body = {"reason": reason, "released": end_seats(db, row, officer)}
    fact = db.append(row, Event.SEAT_HANDED_BACK, actor, officer, body, us)
    if row.core.status is Status.OFFERED:
        return [fact, *go_on(db, row, us)]
    if row.core.status is Status.AT_STATION:
        queued(db, row, "handed_back", us)
    return [fact]


def handed_to_desk(
    db: Records, row: CaseRow, reason: str | None, released: list[str], actor: str, officer: UUID, us: int
) -> Fact:  # fmt: skip
    """A hand-back that a person decides on: with the officer's own reason. The machine has moved the case on."""
    body = {"released": released} if reason is None else {"reason": reason, "released": released}
    fact = db.append(row, Event.HANDED_TO_DESK, actor, officer, body, us)
    queued(db, row, "handed_back", us)
    return fact


def desk_for(db: Records, station: str, us: int) -> str:
    """Whose desk works this station's cases now."""

    def staffed(one: str) -> bool:
        return any(at == one and since > us - limits.DESK_SHIFT_S * 1_000_000 for at, since in db.shifts.values())

    if station not in db.falls or staffed(station):
        return station
    at: str | None = station
    for _ in range(limits.FALLS_MAX):
        at = db.falls.get(at) if at is not None else None
        if at is None:
            break
        if staffed(at):
            return at
    return db.catch_all or station


def ring_again(db: Records, row: CaseRow, us: int) -> None:
    """The queue's timer: after the time to acknowledge; at once where the case has to fall elsewhere."""
    ack_ms = db.categories[row.category].ack_ms or limits.DESK_ACK_MS
    set_timer(db, row, ACK, us if desk_for(db, row.station, us) != row.station else us + ack_ms * 1000)


def queued(db: Records, row: CaseRow, reason: str, us: int) -> None:
    """The case stands in the queue anew, no alarm was raised, and the desk has its 20 s."""
    row.desk_reason, row.alarms = reason, 0
    ring_again(db, row, us)


def to_desk(
    db: Records, row: CaseRow, kind: Event, actor: str, officer: UUID | None, reason: str, us: int
) -> Fact:  # fmt: skip
    """The entry that brings the case to the desk; the machine has been asked before."""
    fact = db.append(row, kind, actor, officer, {"reason": reason}, us)
    queued(db, row, reason, us)
    return fact


def send_to_desk(db: Records, row: CaseRow, reason: str, us: int) -> Fact:
    """Nobody is near, or all have declined."""
    must(row, Act(Event.SENT_TO_DESK, Actor.SERVICE), us)
    return to_desk(db, row, Event.SENT_TO_DESK, Actor.SERVICE, None, reason, us)


def grant_seat(
    db: Records, row: CaseRow, kind: Event, actor: str, officer: UUID, released: list[str] | None, us: int,
    reason: str | None = None,
) -> Fact:  # fmt: skip
    """Seats the officer under the case's present fence."""
    taken = {s.seat for s in row.seated}
    seat = next(number for number in count(1) if number not in taken)
    row.seated.append(SeatRow(officer, seat, row.core.fence, word=word_of(row.id, officer, row.core.fence)))
    db.officers[officer].held += 1
    body = {"seat": seat, "fence": row.core.fence, "round": row.core.round, "released": released, "reason": reason}
    told = {name: value for name, value in body.items() if value is not None}
    return db.append(row, kind, actor, officer, told, us)


def end_seats(db: Records, row: CaseRow, officer: UUID | None = None) -> list[str]:
    """Ends the active seats of a case, or one officer's: whose they were."""
    ended = [s for s in row.seated if officer is None or s.officer == officer]
    row.seated = [s for s in row.seated if s not in ended]
    for seat in ended:
        db.officers[seat.officer].held -= 1
    return [str(s.officer) for s in ended]


def transfer(db: Records, row: CaseRow, actor: str, officer: UUID, us: int) -> Fact:
    """The end of a shift: to the desk, or, where others are on the case, off it. The machine has moved the case on."""
    body = {"reason": "shift_end", "released": end_seats(db, row, officer)}
    if row.core.status is not Status.AT_STATION:
        return db.append(row, Event.SEAT_LEFT, actor, officer, body, us)
    fact = db.append(row, Event.TRANSFERRED, actor, officer, body, us)
    queued(db, row, "shift_end", us)
    return fact
