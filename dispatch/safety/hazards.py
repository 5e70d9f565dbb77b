"""What is known of a place: a desk's hazard notes, and how earlier cases there ended. For who goes there."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from dispatch.cases.facts import Answer


class HazardDraft(msgspec.Struct, kw_only=True):
    """A note by somebody at a desk. `station`: whose ground it is; it ends by itself after `expires_in_h` hours."""

    id: UUID
    station: str
    lat: float
    lon: float
    words: str
    reason: str
    expires_in_h: int
    actor_id: UUID
    scope: str
    key: str
    hash: str


class EndDraft(msgspec.Struct, kw_only=True):
    """The note no longer holds. `station`: the desk's; None for a supervisor, who may anywhere."""

    hazard: UUID
    station: str | None
    reason: str
    actor_id: UUID
    scope: str
    key: str
    hash: str


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """As the desk that wrote it sees it."""

    hazard: UUID
    lat: float
    lon: float
    words: str
    reason: str
    written_at: datetime
    expires_at: datetime


class Warned(msgspec.Struct, frozen=True):
    """A note, as who goes there sees it. `within_m`: how far from the case's place it was written down, rounded up."""

    hazard: UUID
    words: str
    expires_at: datetime
    within_m: int


class Earlier(msgspec.Struct, frozen=True):
    """A case of the last EARLIER_DAYS that was cleared there. Its day in UTC; never who reported, never the words."""

    on: date
    category: str
    disposition: str | None
    within_m: int


class PlaceKnown(msgspec.Struct, frozen=True):
    """GET /v1/cases/{case}/place: within HAZARD_M of the case; the nearest and the latest first."""

    hazards: tuple[Warned, ...]
    earlier: tuple[Earlier, ...]


class HazardStore(Protocol):
    """The record. Raises StoreAway, StoreBusy."""

    async def write_hazard(self, draft: HazardDraft) -> Answer:
        """`response["hazard"]`: the note of this key."""

    async def end_hazard(self, draft: EndDraft) -> Answer:
        """Refused: not_found, not_yours (another station's), closed (it had ended)."""

    async def hazards_of(self, station: str) -> Sequence[Hazard]:
        """Those that hold now, the latest first."""

    async def known_of(self, case: UUID, reader: str) -> PlaceKnown:
        """What `reader` is shown, and that they were: both or neither."""
