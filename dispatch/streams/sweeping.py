"""What is due is fired: windows, acknowledgements, waves. Sweepers are equal, leaderless, any number."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer
from dispatch.cases.modes import next_wave
from dispatch.cases.ports import FIRED, Bus, CaseStore, DueWave, Nearby, StoreBusy, WideDraft
from dispatch.streams.envelope import pack

log = logging.getLogger(__name__)


class Teller(Protocol):
    """Whoever passes committed facts on: a feed, or a publisher that keeps no board."""

    def committed(self, answers: Iterable[Answer]) -> None: ...


class Publisher:
    """Tells the other processes, and remembers nothing."""

    def __init__(self, bus: Bus, origin: str) -> None:
        self._bus, self._origin = bus, origin

    def committed(self, answers: Iterable[Answer]) -> None:
        facts = [fact for answer in answers for fact in answer.facts]
        if facts:
            self._bus.post(pack(self._origin, facts))


class Sweeping:
    """One look at what is due. Holds nothing between two calls of the database."""

    def __init__(
        self,
        store: CaseStore,
        feed: Teller,
        near: Nearby,
        catalogue: Catalogue,
        *,
        before_waves: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`before_waves`: makes `near` know who is on duty and free, when somebody is about to be asked."""
        self._store, self._feed, self._near, self.catalogue = store, feed, near, catalogue
        self._before_waves = before_waves

    async def sweep(self) -> int:
        """Fires what is due, every station's windows first; how many cases it moved. Raises: StoreAway, StoreBusy."""
        moved = 0
        stations = await self._store.due_stations()
        for kind in FIRED:  # told at once: a desk does not wait until the next kind's rows are free
            for station in stations:
                try:
                    moved += self._tell(await self._store.fire(station, kind))
                except StoreBusy as error:  # one station's held row is no other station's delay
                    log.warning("%s of station %s was not swept: %s", kind, station, error)
        due = await self._store.due_waves()
        if due:
            if self._before_waves is not None:
                await self._before_waves()
            moved += self._tell(await self._store.widen([self._wider(wave) for wave in due]))
        return moved

    def _wider(self, due: DueWave) -> WideDraft:
        plan = self.catalogue.plan_of(due.category, due.station, lambda: due.received_us / 1e6)
        wave = next_wave(self._near, plan, due.lat, due.lon, due.station, due.wave, except_for=due.asked)
        return WideDraft(
            case=due.case,
            event="offer_widened",
            round=due.round,
            wave=due.wave,
            ring=wave.number,
            ring_m=wave.ring_m,
            last_wave=wave.last,
            candidates=wave.candidates,
            asks=wave.asks,
            pause_ms=wave.pause_ms,
        )

    def _tell(self, answers: Iterable[Answer]) -> int:
        fired = list(answers)
        self._feed.committed(fired)
        return len(fired)
