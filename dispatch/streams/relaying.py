"""What was committed is published, whatever became of the process that committed it.

A committing process publishes at once. The relay listens along, compares with the streams' heads, and publishes what
nobody did; its cursor is stored, so that a new one goes on where the last one stopped. Several may run.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from dispatch.cases.ports import Bus, CaseStore
from dispatch.streams.envelope import EnvelopeError, pack, ranges

READ_FACTS_MAX = 500
EARLY_MAX = 100_000
GRACE_S = 0.1  # a committing process needs so long to publish by itself


class Cursors(Protocol):
    """Where the relays stand, durable."""

    async def load(self) -> dict[str, int]: ...

    async def save(self, cursors: Mapping[str, int]) -> None:
        """Moves cursors forward, never back: another relay may be ahead."""


class Relaying:
    """One relay. `heard` is fed by the bus; `turn` is called every RELAY_POLL_S."""

    def __init__(
        self, store: CaseStore, cursors: Cursors, bus: Bus, origin: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._cursors, self._bus, self._origin, self._clock = store, cursors, bus, origin, clock
        self._done: dict[str, int] = {}
        self._heard: dict[str, set[int]] = {}
        self._behind: dict[str, tuple[int, float]] = {}  # where a stream stands still, and since when
        self._epoch = ""
        self.published = 0

    async def start(self) -> None:
        """Goes on from the stored cursors. Raises: StoreAway, StoreBusy."""
        heads = await self._store.heads()
        stored = await self._cursors.load()
        self._epoch = heads.epoch
        self._heard.clear()
        self._behind.clear()
        self._done = {stream: min(stored.get(stream, offset), offset) for stream, offset in heads.offsets.items()}

    def heard(self, payload: bytes) -> None:
        """A publication of anybody's: these facts need no relay."""
        try:
            heard = ranges(payload)
        except EnvelopeError:
            return
        for stream, first, last in heard:
            self._mark(stream, first, last)

    def _mark(self, stream: str, first: int, last: int) -> None:
        """Offsets `first` to `last` need no relay; what comes early waits until the hole before it is closed."""
        done = self._done.get(stream, 0)
        early = self._heard.setdefault(stream, set())
        if len(early) < EARLY_MAX:  # beyond that it is published again: harmless
            early.update(range(max(first, done + 1), last + 1))
        while done + 1 in early:
            done += 1
            early.discard(done)
        self._done[stream] = done

    async def turn(self) -> int:
        """Publishes what is committed and was not heard; how many facts. Raises: StoreAway, StoreBusy."""
        heads = await self._store.heads()
        if heads.epoch != self._epoch:
            await self.start()
        now, published = self._clock(), 0
        for stream, head in heads.offsets.items():
            done = self._done.setdefault(stream, 0)
            if done >= head:
                self._behind.pop(stream, None)
                continue
            stands_at, since = self._behind.setdefault(stream, (done, now))
            if stands_at != done:  # it moves: under load something is always on its way
                self._behind[stream] = done, now
            elif now - since >= GRACE_S:
                published += await self._publish(stream, head)
        await self._cursors.save(self._done)
        self.published += published
        return published

    async def _publish(self, stream: str, head: int) -> int:
        count = 0
        while self._done[stream] < head:
            facts = await self._store.read_stream(stream, self._done[stream], READ_FACTS_MAX)
            if not facts:
                break
            self._bus.post(pack(self._origin, facts))
            self._done[stream] = facts[-1].offset  # read from the record: nothing before it is missing
            early = self._heard.get(stream, set())
            early.difference_update(range(facts[0].offset, facts[-1].offset + 1))
            count += len(facts)
        self._behind.pop(stream, None)
        return count
