"""Calling for help and ending it. Asks the record, tells the feed."""

import asyncio
from uuid import UUID, uuid4

from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreBusy
from dispatch.limits import (
    PANIC_OFFICERS_MAX,
    PANIC_PAUSE_S,
    PANIC_RADIUS_M,
    PANIC_TRIES_MAX,
    STATION_RECIPIENTS_MAX,
)
from dispatch.safety.ports import Around, ClearDraft, PanicDraft, SafetyStore
from dispatch.streams.feed import Feed
from geo.point import Point


class Helping:
    """Panics of this process's people."""

    def __init__(self, store: SafetyStore, feed: Feed, near: Around) -> None:
        self._store, self._feed, self._near = store, feed, near

    def whom(self, officer: UUID, station: str, place: Point | None) -> list[UUID]:
        """The nearest, busy or not; the whole station where the place or the index is not known, or nobody is near."""
        found: list[UUID] = []
        if place is not None and self._near.healthy():
            found = self._near.around(place.lat, place.lon, PANIC_RADIUS_M, PANIC_OFFICERS_MAX + 1)
        found = [one for one in found if one != officer][:PANIC_OFFICERS_MAX]
        return found or [one for one in self._near.on_duty(station, STATION_RECIPIENTS_MAX) if one != officer]

    async def call(
        self, officer: UUID, station: str, place: Point | None, accuracy_m: float | None, key: str, hash_: str
    ) -> Answer:
        """Committed and told, or the live one again. What is held elsewhere is waited for.

        Raises: StoreAway, StoreBusy.
        """
        draft = PanicDraft(
            id=uuid4(),
            officer=officer,
            key=key,
            hash=hash_,
            lat=place.lat if place else None,
            lon=place.lon if place else None,
            accuracy_m=accuracy_m if place else None,
            candidates=self.whom(officer, station, place),
        )
        for _ in range(PANIC_TRIES_MAX - 1):
            try:
                return self._told(await self._store.raise_panic(draft))
            except StoreBusy:
                await asyncio.sleep(PANIC_PAUSE_S)
        return self._told(await self._store.raise_panic(draft))

    async def clear(self, draft: ClearDraft) -> Answer:
        """Raises: StoreAway, StoreBusy."""
        return self._told(await self._store.clear_panic(draft))

    def _told(self, answer: Answer) -> Answer:
        self._feed.committed([answer])
        return answer
