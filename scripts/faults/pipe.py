"""One direction of one connection: reads chunks, lets the toxics at them, writes what is left.

Between reader and writer stand at most QUEUE_MAX chunks of CHUNK_BYTES; a full queue stops the reading, so
that the sender feels it through TCP.
"""

import asyncio
import random
from collections.abc import Iterator
from typing import Protocol, TypeVar

from scripts.faults.pushes import PushFilter
from scripts.faults.toxics import (
    Bandwidth,
    BlackHole,
    CutAfterCommit,
    Direction,
    DropPushes,
    Latency,
    LimitBytes,
    ResetPeer,
    Slicer,
    Stall,
    Toxic,
)

CHUNK_BYTES = 16 * 1024
QUEUE_MAX = 16  # 256 KiB a direction, about what a kernel buffers
BURST_S = 0.02  # bandwidth is kept in portions of this length

T = TypeVar("T", bound=Toxic)


class Cut(Exception):
    """Both sides of the connection are to be reset now, or with `reset` False closed after what was sent."""

    def __init__(self, reset: bool = True) -> None:
        super().__init__(reset)
        self.reset = reset


class Weather(Protocol):
    """The toxics as they stand now; shared by all connections of a proxy."""

    def find(self, direction: Direction, kind: type[T]) -> tuple[int, T] | None:
        """The toxic of this kind that was added last, with its number, or None."""

    async def changed(self, timeout_s: float | None = None) -> None:
        """Returns when a toxic was added or removed, or when `timeout_s` is over."""

    def spent(self, number: int) -> None:
        """A toxic with a limited number of cuts made one."""

    def dropped(self, count: int) -> None:
        """So many messages were taken out."""


class Pipe:
    """Moves bytes from `reader` to `writer`; `run` ends after a FIN was passed on, or raises Cut."""

    def __init__(
        self,
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        weather: Weather,
        seed: str,
    ) -> None:
        self._direction = direction
        self._reader = reader
        self._writer = writer
        self._weather = weather
        self._dice = random.Random(seed)
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_MAX)
        self._passed: dict[int, int] = {}  # bytes let through, by number of a LimitBytes
        self._tail = b""  # of the replies, for a `reply_holds` that falls between two chunks
        self._pushes = PushFilter(self._dice)
        self.requests: set[int] = set()  # numbers of CutAfterCommit that were there when bytes went upstream
        self.twin: Pipe | None = None  # the other direction of the same connection

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._write())

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                chunk = await self._reader.read(CHUNK_BYTES)
            except ConnectionError:  # a reset passes too, unless a black hole takes it
                await swallow(self._reader, self._weather, self._direction)
                raise Cut from None
            if await swallow(self._reader, self._weather, self._direction):
                raise Cut
            if chunk and self._weather.find(self._direction, ResetPeer):
                raise Cut
            latency = self._weather.find(self._direction, Latency)
            wait_s = 0.0
            if latency is not None:
                jitter_ms = latency[1].jitter_ms
                wait_s = (latency[1].ms + self._dice.uniform(-jitter_ms, jitter_ms)) / 1000
            await self._queue.put((clock() + wait_s, chunk))
            if not chunk:
                return

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, chunk = await self._queue.get()
            if (early_s := due - clock()) > 0:
                await asyncio.sleep(early_s)
            while self._weather.find(self._direction, Stall):
                await self._weather.changed()
            if not chunk:
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                return
            await self._pass(chunk)

    async def _pass(self, chunk: bytes) -> None:
        self._note_request()
        self._cut_reply(chunk)
        chunk = self._without_pushes(chunk)
        limit = self._weather.find(self._direction, LimitBytes)
        allowed = len(chunk)
        if limit is not None:
            allowed = limit[1].count - self._passed.get(limit[0], 0)
            self._passed[limit[0]] = self._passed.get(limit[0], 0) + len(chunk)
        for piece in self._pieces(chunk[: max(allowed, 0)]):
            self._writer.write(piece)
            await self._writer.drain()
            await self._pace(len(piece))
        if allowed < len(chunk):
            raise Cut(reset=False)

    def _note_request(self) -> None:
        armed = self._weather.find(Direction.DOWNSTREAM, CutAfterCommit)
        if armed is not None and self._direction is Direction.UPSTREAM and self.twin is not None:
            self.twin.requests.add(armed[0])

    def _cut_reply(self, chunk: bytes) -> None:
        armed = self._weather.find(self._direction, CutAfterCommit)
        if armed is None or armed[0] not in self.requests:
            self._tail = b""
            return
        number, toxic = armed
        seen = self._tail + chunk
        if toxic.reply_holds in seen:
            self._weather.spent(number)
            raise Cut
        self._tail = seen[-(len(toxic.reply_holds) - 1) :] if len(toxic.reply_holds) > 1 else b""

    def _without_pushes(self, chunk: bytes) -> bytes:
        drop = self._weather.find(self._direction, DropPushes)
        if drop is None:
            return self._pushes.rest() + chunk
        before = self._pushes.dropped
        left = self._pushes.feed(chunk, drop[1].share, drop[1].channel)
        self._weather.dropped(self._pushes.dropped - before)
        return left

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        slicer = self._weather.find(self._direction, Slicer)
        bandwidth = self._weather.find(self._direction, Bandwidth)
        portion = len(chunk) if bandwidth is None else max(1, int(bandwidth[1].kb_s * 1000 * BURST_S))
        at = 0
        while at < len(chunk):
            size = portion
            if slicer is not None:
                around = slicer[1].size_bytes
                size = min(size, self._dice.randint(max(1, around // 2), max(1, around + around // 2)))
            yield chunk[at : at + size]
            at += size

    async def _pace(self, count: int) -> None:
        slicer = self._weather.find(self._direction, Slicer)
        bandwidth = self._weather.find(self._direction, Bandwidth)
        wait_s = 0.0 if slicer is None else slicer[1].delay_us / 1e6
        if bandwidth is not None:
            wait_s += count / (bandwidth[1].kb_s * 1000)
        if wait_s > 0:
            await asyncio.sleep(wait_s)


async def swallow(reader: asyncio.StreamReader, weather: Weather, direction: Direction) -> bool:
    """With a black hole: lose everything until it is gone or its time is over. True if there was one."""
    hole = weather.find(direction, BlackHole)
    if hole is None:
        return False
    loop = asyncio.get_running_loop()
    after_ms = hole[1].close_after_ms
    ends = None if after_ms is None else loop.time() + after_ms / 1000
    drain = loop.create_task(_drain(reader))
    try:
        while weather.find(direction, BlackHole):
            left_s = None if ends is None else ends - loop.time()
            if left_s is not None and left_s <= 0:
                break
            await weather.changed(left_s)
    finally:
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)
    return True


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(CHUNK_BYTES):
        pass
