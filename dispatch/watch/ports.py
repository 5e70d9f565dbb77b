"""What the watch needs from outside."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from dispatch.cases.facts import Answer
from dispatch.cases.ports import Nearby
from geo.point import Point


class WatchedSeat(NamedTuple):
    """An officer on a seat of a case. `step`, `why`: of the watch, where one has begun."""

    case: UUID
    officer: UUID
    fence: int
    station: str
    category: str
    lat: float
    lon: float
    received_us: int
    status: str
    step: str | None
    why: str | None


class WatchDraft(msgspec.Struct, kw_only=True):
    """A step over one seat. `what`: raise, ease, or due. `why`: the sign. `candidates`: for a new round."""

    case: UUID
    officer: UUID
    fence: int
    what: str
    why: str | None = None
    candidates: Sequence[UUID] = ()
    ring_m: int | None = None
    wave: int = 1
    last_wave: bool = True
    asks: int | None = None
    pause_ms: int | None = None


class WatchStore(Protocol):
    """Every step is judged under the case's lock by the database's time: done twice, by several, or too early it
    changes nothing. All raise StoreAway, StoreBusy."""

    async def watched(self) -> list[WatchedSeat]:
        """Seats of officers on the way, at most WATCHED_MAX, the longest held first."""

    async def due(self) -> list[WatchedSeat]:
        """Seats whose step's time is up."""

    async def watch(self, draft: WatchDraft) -> list[Answer]:
        """What it changed: one answer, or none."""


class Sighted(Nearby, Protocol):
    """Where the officers on duty are, as far as this process knows."""

    def where(self, officer: UUID) -> tuple[Point, float, float] | None:
        """Place, accuracy in metres and age in seconds of a fresh fix."""
