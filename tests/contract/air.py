"""What goes through Redis in a walk: publications and fixes between processes, the index of who starts, sessions.

Real Redis and its real adapters. Time is moved in it as in the rows of the database. It may be flushed, and its
subscribers cut off; `settle` waits until whatever was said since has been heard.
"""

import asyncio
import contextlib
import functools
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from dispatch.adapters.redis.bus import GENERATION, INDEX, RedisBus
from dispatch.positions.live import LivePositions, RemoteFix
from dispatch.positions.roster import Roster
from dispatch.positions.sharing import Sharing

NAMES: Final = ("here", "elsewhere", "sweeper")
SETTLE_S: Final = 0.2  # until what was said is said again: the subscriber may just come back
TRIES_MAX: Final = 100
NOBODY: Final = 0  # the upper half of a marker's id, which no officer has
_SEEN: Final = struct.Struct("<d")


@dataclass(slots=True)
class Station:
    """One process on the air: its real bus, what it has heard, where it believes everybody is."""

    bus: RedisBus
    near: LivePositions
    sharing: Sharing
    roster: Roster
    news: asyncio.Event
    marks: set[int] = field(default_factory=set)

    def on_fixes(self, fixes: list[RemoteFix]) -> None:
        self.marks |= {fix[0].int for fix in fixes if fix[0].int >> 64 == NOBODY}
        self.news.set()
        self.near.heard(fix for fix in fixes if fix[0].int >> 64 != NOBODY)


class Air:
    """Three processes on one Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.redis: Any = Redis.from_url(url)
        self.ahead_s = 0.0
        self.news = asyncio.Event()
        self._mark = 0
        self._running: list[asyncio.Task[None]] = []
        self.stations: dict[str, Station] = {}
        self.hears = dict.fromkeys(NAMES, False)
        self.buses = {name: RedisBus(self.redis, url, f"{name}-walk") for name in NAMES}
        for name, bus in self.buses.items():
            bus.on_link = functools.partial(self._linked, name)

    def clock(self) -> float:
        """Seconds of every process here, moved by hand."""
        return time.monotonic() + self.ahead_s

    def _linked(self, name: str, connected: bool) -> None:
        self.hears[name] = connected
        self.news.set()
        if name in self.stations:
            self.stations[name].near.listening(connected)

    @contextlib.asynccontextmanager
    async def on(self) -> AsyncIterator["Air"]:
        self._running = [asyncio.create_task(bus.run()) for bus in self.buses.values()]
        try:
            yield self
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            await self.redis.aclose()

    async def begin(self, rosters: dict[str, Roster], facts: Callable[[bytes], None]) -> None:
        """Processes that have just started, on an empty Redis, and have listened for long enough. `facts`: what
        `elsewhere` does with a publication."""
        await self.redis.flushall()
        for name, bus in self.buses.items():
            near = LivePositions(rosters[name], self.clock, everybody=name == "sweeper")
            self.stations[name] = Station(bus, near, Sharing(bus, near), rosters[name], self.news)
            bus.on_fixes = self.stations[name].on_fixes
            bus.on_facts = facts if name == "elsewhere" else lambda payload: None
            near.listening(self.hears[name])
        await self.settle()
        await self.pass_time(60.0)

    @property
    def here(self) -> Station:
        return self.stations["here"]

    async def settle(self) -> None:
        """All others have heard what `here` has said until now. What is said to nobody is said again."""
        self._mark += 1
        mark = self._mark
        others = [self.stations[name] for name in NAMES[1:]]
        for _ in range(TRIES_MAX):
            self.here.bus.post_fixes([(UUID(int=mark), 0.0, 0.0, 0.0, 0.0)])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    while not (all(self.hears.values()) and all(mark in one.marks for one in others)):
                        self.news.clear()
                        await self.news.wait()
                    return
        raise AssertionError("nobody hears what is said through Redis")

    async def say(self, payload: bytes) -> None:
        """A publication of `here`."""
        self.here.bus.post(payload)

    async def tell_fixes(self) -> None:
        """What phones have sent `here`: to the others, and into the index."""
        await self.here.sharing.flush()
        await self.here.sharing.store()

    async def starting(self, roster: Roster) -> LivePositions:
        """What a process that starts now knows from Redis alone: it has listened for no time yet."""
        near = LivePositions(roster, self.clock)
        near.listening(True)
        await Sharing(self.here.bus, near).load()
        return near

    async def pass_time(self, seconds: float) -> None:
        """For processes, and for what Redis remembers of times."""
        self.ahead_s += seconds
        born, stored = await self.redis.get(GENERATION), await self.redis.hgetall(INDEX)
        if born is not None:
            await self.redis.set(GENERATION, repr(float(born) - seconds))
        for officer, fix in stored.items():
            (seen,) = _SEEN.unpack(fix[-8:])
            await self.redis.hset(INDEX, officer, fix[:-8] + _SEEN.pack(seen - seconds))

    async def flush(self, *, cut_off: bool) -> None:
        """Everything in Redis is gone. `cut_off`: whoever listened has to come back, and hears nothing meanwhile."""
        await self.redis.flushall()
        if cut_off:
            await self.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
