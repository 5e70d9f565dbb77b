"""What is due is fired: windows, acknowledgements, waves. Sweepers are equal, leaderless, any number."""

import logging
from collections.abc import Iterable

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer
from dispatch.cases.ports import CaseStore, DueWave, Nearby, WideDraft
from dispatch.cases.rings import first_wave
from dispatch.limits import RINGS_M
from dispatch.streams.feed import Feed

log = logging.getLogger(__name__)


class Sweeping:
    """One look at what is due. Holds nothing between two calls of the database."""

    def __init__(self, store: CaseStore, feed: Feed, near: Nearby, catalogue: Catalogue) -> None:
        self._store, self._feed, self._near, self.catalogue = store, feed, near, catalogue

    async def sweep(self) -> int:
        """Fires what is due, station by station; how many cases it moved. Raises: StoreAway, StoreBusy."""
        moved = 0
        for station in await self._store.due_stations():
            moved += self._tell(await self._store.fire(station))
        due = await self._store.due_waves()
        if due:
            moved += self._tell(await self._store.widen([self._wider(wave) for wave in due]))
        return moved

    def _wider(self, due: DueWave) -> WideDraft:
        category = self.catalogue.categories.get(due.category)
        rings = category.rings_m if category else RINGS_M
        start = min(due.wave, len(rings))
        wave = first_wave(self._near, due.lat, due.lon, due.station, rings, start=start, except_for=due.asked)
        return WideDraft(
            case=due.case,
            event="offer_widened",
            round=due.round,
            wave=due.wave,
            ring=wave.number,
            ring_m=wave.ring_m,
            last_wave=wave.last,
            candidates=wave.candidates,
        )

    def _tell(self, answers: Iterable[Answer]) -> int:
        fired = list(answers)
        self._feed.committed(fired)
        return len(fired)
