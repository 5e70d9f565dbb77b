"""What one shift at a desk passes to the next: the open cases with what is pending, who is on them and since when.

Read from the record, never from memory: who takes over must not miss a case. All times are milliseconds relative to the
moment of reading; a deadline that has passed and was not fired yet is negative.
"""

from typing import Protocol
from uuid import UUID

import msgspec


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A timer of the case. `kind`: window, wave, ack and the like, as the deadlines are named."""

    kind: str
    due_in_ms: int


class OnCase(msgspec.Struct, frozen=True, kw_only=True):
    """An officer on a seat. `state`: claimed, en_route, on_scene."""

    officer: UUID
    call_sign: str
    surname: str
    state: str
    held_ms: int
    shift_ends_in_ms: int | None


class OpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case. `at_desk_ms`: how long it has been in the queue this time; null elsewhere."""

    case: UUID
    status: str
    category: str
    words: str
    round: int
    received_ago_ms: int
    desk_reason: str | None
    at_desk_ms: int | None
    acknowledged_ago_ms: int | None
    alarms: int
    exercise: bool
    pending: tuple[Pending, ...]
    holders: tuple[OnCase, ...]


class AtWork(msgspec.Struct, frozen=True, kw_only=True):
    """An officer of the station on duty; those whose shift ends first come first."""

    officer: UUID
    call_sign: str
    surname: str
    held: int
    on_duty_ms: int | None
    shift_ends_in_ms: int | None


class AtDesk(msgspec.Struct, frozen=True, kw_only=True):
    """Who may answer for a case here: of the station's desk, or a supervisor. `on_shift_ms`: null off shift."""

    account: UUID
    login: str
    role: str
    on_shift_ms: int | None


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/desk/handover. Cases oldest first; `left_out` counts those that did not fit. `desks`: whose names stand
    behind the account that took a case; those on shift first."""

    station: str
    cases: tuple[OpenCase, ...]
    officers: tuple[AtWork, ...]
    desks: tuple[AtDesk, ...]
    left_out: int


class HandOverList(Protocol):
    """Reads what is open at a station."""

    async def of(self, station: str) -> HandOver:
        """At one moment. Raises: StoreAway, StoreBusy."""
