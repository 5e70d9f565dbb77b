"""What officers' safety needs from outside, as promises."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from dispatch.cases.facts import Answer
from dispatch.safety.panics import PanicBody


class PanicDraft(msgspec.Struct, kw_only=True):
    """A call for help. `candidates`: officers to be told, nearest first; `id`: of the panic, if it is a new one."""

    id: UUID
    officer: UUID
    key: str
    hash: str
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    candidates: Sequence[UUID] = ()


class ClearDraft(msgspec.Struct, kw_only=True):
    """Somebody at a desk has made sure. `station`: the desk's; None for a supervisor, who may anywhere."""

    panic: UUID
    actor: str
    actor_id: UUID
    station: str | None
    reason: str
    scope: str
    key: str
    hash: str


class SafetyStore(Protocol):
    """The record. What it says happened is committed. Raises StoreAway, StoreBusy."""

    async def raise_panic(self, draft: PanicDraft) -> Answer:
        """`response["panic"]`: the new one, or the officer's live one: pressed again nothing is told anew."""

    async def clear_panic(self, draft: ClearDraft) -> Answer:
        """Refused: not_found, not_yours (another station's desk), panic_over (somebody was first)."""

    async def live_panics(self) -> list[PanicBody]:
        """All that nobody has cleared."""


class Around(Protocol):
    """Who is near, busy or not."""

    def healthy(self) -> bool: ...

    def around(self, lat: float, lon: float, radius_m: float, count: int) -> list[UUID]:
        """Officers on duty with a fresh and good fix, nearest first, whatever they hold."""

    def on_duty(self, station: str, count: int) -> list[UUID]:
        """All officers of a station on duty."""
