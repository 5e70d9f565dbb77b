"""What a desk has settled, and what its silence makes known, as people see it: appointments, holds, alarms. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from dispatch.cases.board import Board
from dispatch.cases.facts import CaseState, Fact
from dispatch.cases.values import Event, Status
from dispatch.cases.views import Alarm, Appointed, Place
from dispatch.limits import SNAPSHOT_ITEMS_MAX

EVERY: Final = "*"
"""Not one station's supervisors but all."""
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)


def appointed(state: CaseState) -> Appointed | None:
    """The time that was offered to the reporter, in UTC."""
    if state.desk is None or state.desk.appointment is None:
        return None
    agreed = state.desk.appointment
    begins, ends = (_1970 + timedelta(microseconds=us) for us in (agreed.begins_us, agreed.ends_us))
    return Appointed(begins=begins, ends=ends, answer=agreed.answer)


def quiet_ms(state: CaseState, elapsed_ms: int) -> int | None:
    """Milliseconds until a case that is held is due again; None where it is not held."""
    if state.desk is None or state.desk.until_us is None:
        return None
    return max(0, (state.desk.until_us - state.received_us) // 1000 - state.age_ms - elapsed_ms)


def alarming(state: CaseState) -> bool:
    """Was the desk alarmed, and has nobody answered?"""
    return state.alarms > 0 and state.status is Status.AT_STATION and not state.acknowledged


def supervisors_of(state: CaseState) -> str:
    """Who hears its alarms: the station's own supervisors the first time, all from then on."""
    return state.station if state.alarms == 1 else EVERY


def hears(station: str | None, of: str) -> bool:
    """Does a supervisor of this station (None: of the whole town) hear what is said to the supervisors of `of`?"""
    return of == EVERY or station is None or station == of


def alarm(state: CaseState, elapsed_ms: int, fact: Fact | None = None) -> Alarm:
    """The alarm as it stands."""
    return Alarm(
        stream=fact.stream if fact else "",
        offset=fact.offset if fact else 0,
        case=state.id,
        station=state.station,
        nr=state.alarms,
        category=state.category,
        words=state.words,
        place=Place(state.lat, state.lon, state.accuracy_m if state.accuracy_m is not None else 0.0),
        received_ago_ms=state.age_ms + elapsed_ms,
        desk_reason=state.desk_reason,
    )


def told_to_supervisors(fact: Fact, state: CaseState, elapsed_ms: int) -> tuple[Alarm, str] | None:
    """A raised alarm and who hears it, or that it is over, for all; None where supervisors have nothing to hear."""
    if fact.kind == Event.ALARM_RAISED and alarming(state):
        return alarm(state, elapsed_ms, fact), supervisors_of(state)
    if fact.kind == Event.HANDED_OVER or (state.alarms > 0 and not alarming(state)):
        over = Alarm(stream=fact.stream, offset=fact.offset, case=state.id, station=fact.stream, over=True)
        return over, EVERY
    return None


def alarms_for(board: Board, station: str | None, now: float) -> tuple[tuple[Alarm, ...], int]:
    """The alarms that a supervisor hears, the oldest case first, and how many did not fit."""
    entries = [e for e in board.cases.values() if alarming(e.state) and hears(station, supervisors_of(e.state))]
    entries.sort(key=lambda e: (e.state.received_us, e.state.id.int))
    shown = tuple(alarm(e.state, int((now - e.heard_at) * 1000)) for e in entries[:SNAPSHOT_ITEMS_MAX])
    return shown, len(entries) - len(shown)
