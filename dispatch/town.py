"""The town as the police set it up: its areas and categories, and where they are kept."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec


class TownArea(msgspec.Struct, frozen=True, kw_only=True):
    """A station's jurisdiction or a beat. `id`: unique among areas of its kind. `outline`: a GeoJSON geometry."""

    id: str
    kind: str
    station: str
    name: str
    name_en: str
    outline: dict[str, Any]


class TownCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of case that may be reported. `seats`: officers it needs; `priority`: 1 the most urgent, 5 the least."""

    id: str
    name: str
    name_en: str
    seats: int
    priority: int


class TownStore(Protocol):
    """Raises StoreAway, StoreBusy."""

    async def areas(self) -> list[TownArea]:
        """Stations, then beats, each in the order of their ids."""

    async def categories(self) -> list[TownCategory]:
        """Those that are open, as a reporter is to find them: by their place in the list, then by id."""

    async def replace(
        self, kind: str, areas: Sequence[TownArea], *, held: Sequence[TownArea], actor: str, reason: str
    ) -> bool:
        """All areas of a kind are these from now on, in one commit with the entry that keeps who, why, before and
        after.

        A station that has an area exists, with its stream; one without keeps its cases, its desk and its officers, only
        no ground. Officers of a beat that is gone have none. False: the areas are no longer those `held`, nothing is
        changed."""
