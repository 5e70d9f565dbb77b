"""Between processes: facts and fixes over Redis publish/subscribe. All of it may be lost at any moment.

Publishing never waits: a bounded queue, oldest dropped. The subscription reconnects by itself with backoff and says
when it came or went, because a process that does not hear the others must not trust its index of positions.
"""

import asyncio
import logging
import random
import struct
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import redis.asyncio as aioredis

from dispatch.adapters.redis.line import AWAY, Line
from dispatch.limits import REDIS_S_MAX
from dispatch.positions.live import RemoteFix

log = logging.getLogger(__name__)

FACTS, FIXES = b"onbeat:facts", b"onbeat:fixes"
INDEX, GENERATION = "onbeat:index", "onbeat:generation"
POSTS_MAX, FIX_POSTS_MAX = 4_096, 64  # of facts, and of batches of fixes, which the next ones replace
BACKOFF_S = (0.1, 2.0)
PING_S = 5.0
GATHER_S = 0.001  # what is posted within a millisecond goes together
CROWD_S, GATHER_CROWD_S = 0.02, 0.005  # publications within so much of each other: a crowd, which gathers for so long
FACTS_TOGETHER_MAX = 32  # payloads of facts in one publication: bounds what a hearing process takes in one turn

_FIX = struct.Struct("<16sddff")
_together = msgspec.msgpack.Encoder().encode  # several payloads as one
_apart = msgspec.msgpack.Decoder(list[bytes]).decode


def pack(fixes: Sequence[RemoteFix]) -> bytes:
    """36 + 4 bytes a fix: officer, latitude, longitude, accuracy, age in seconds."""
    return b"".join([_FIX.pack(o.bytes, lat, lon, acc, age) for o, lat, lon, acc, age in fixes])


def unpack(payload: bytes) -> list[RemoteFix]:
    """Raises: struct.error for a payload that is not whole fixes."""
    return [(UUID(bytes=o), lat, lon, acc, age) for o, lat, lon, acc, age in _FIX.iter_unpack(payload)]


def connect(url: str, *, connections: int = 8, protocol: int = 3) -> "aioredis.Redis":
    """A client whose calls wait at most REDIS_S_MAX; beyond `connections` callers queue instead of failing.

    `protocol`: of Redis, 2 or 3.
    """
    pool = aioredis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=REDIS_S_MAX,
        socket_timeout=REDIS_S_MAX,
        socket_connect_timeout=REDIS_S_MAX,
        health_check_interval=0,
        protocol=protocol,
    )
    return aioredis.Redis.from_pool(pool)


def _end_if_told() -> None:
    """Raises: CancelledError, where this task was cancelled and the driver swallowed it, as it does when the end comes
    in the middle of a call: whoever waits for the task would wait for ever."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class RedisBus:
    """`dispatch.cases.ports.Bus`, and the way of the fixes."""

    def __init__(
        self,
        client: "aioredis.Redis",
        url: str,
        origin: str,
        channels: tuple[bytes, ...] = (FACTS, FIXES),
        line: Line | None = None,
    ) -> None:
        self._channels = channels  # what this process listens to
        self._line = line or Line(url)
        self._client, self._url, self._origin = client, url, origin.encode().ljust(16)[:16]
        self._facts: deque[bytes] = deque(maxlen=POSTS_MAX)
        self._fixes: deque[bytes] = deque(maxlen=FIX_POSTS_MAX)
        self._published_at = -CROWD_S
        self._wake = asyncio.Event()
        self._wait_s = BACKOFF_S[0]
        self.on_facts: Callable[[bytes], None] = lambda payload: None
        self.on_fixes: Callable[[list[RemoteFix]], None] = lambda fixes: None
        self.on_link: Callable[[bool], None] = lambda connected: None

    def post(self, payload: bytes) -> None:
        self._facts.append(payload)
        self._wake.set()

    def post_fixes(self, fixes: Sequence[RemoteFix]) -> None:
        """To all other processes, and into the index that a starting process reads."""
        if fixes:
            self._fixes.append(pack(fixes))
            self._wake.set()

    async def run(self) -> None:
        """Publishes and listens until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish())
            group.create_task(self._subscribe())

    async def _publish(self) -> None:
        try:
            await self._publish_all()
        finally:
            await self._line.close()

    async def _publish_all(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            _end_if_told()
            await self._wake.wait()
            # Each publication comes back to this process too, and a turn of the driver costs more than what it carries.
            crowd = clock() - self._published_at < CROWD_S
            await asyncio.sleep(GATHER_CROWD_S if crowd else GATHER_S)
            self._published_at = clock()
            self._wake.clear()
            posts = self._taken()
            try:
                await self._line.publish(posts)
            except AWAY as error:
                log.warning("%d publications were lost: %s", len(posts), error)
                await asyncio.sleep(BACKOFF_S[0])

    def _taken(self) -> list[tuple[bytes, bytes]]:
        """All that waits, as few publications: (channel, body)."""
        facts, fixes = list(self._facts), list(self._fixes)
        self._facts.clear()
        self._fixes.clear()
        starts = range(0, len(facts), FACTS_TOGETHER_MAX)
        posts = [(FACTS, _together(facts[at : at + FACTS_TOGETHER_MAX])) for at in starts]
        posts += [(FIXES, batch) for batch in fixes]
        return [(channel, self._origin + body) for channel, body in posts]

    async def _subscribe(self) -> None:
        while True:
            _end_if_told()
            try:
                await self._listen()
            except AWAY as error:
                log.warning("the bus is away: %s", error)
            self.on_link(False)
            await asyncio.sleep(self._wait_s * random.random())
            self._wait_s = min(self._wait_s * 2, BACKOFF_S[1])

    async def _listen(self) -> None:
        # Of a push of the third protocol the driver makes a text for its own log, whether it is written or not.
        client = connect(self._url, connections=1, protocol=2)
        try:
            async with client.pubsub() as channels:
                await channels.subscribe(*self._channels)
                self.on_link(True)
                self._wait_s = BACKOFF_S[0]
                quiet = 0.0
                while quiet < 3 * PING_S:
                    _end_if_told()
                    message = await channels.get_message(ignore_subscribe_messages=False, timeout=PING_S)
                    if message is None:
                        quiet += PING_S
                        await channels.ping()
                        continue
                    quiet = 0.0
                    if message["type"] == "message":
                        self._dispatch(message["channel"], message["data"])
                raise TimeoutError("nothing was heard, not even an answer to our ping")
        finally:
            await client.aclose()

    def _dispatch(self, channel: bytes, payload: bytes) -> None:
        if payload.startswith(self._origin):
            return
        body = payload[len(self._origin) :]
        try:
            if channel == FACTS:
                for one in _apart(body):
                    self.on_facts(one)
            else:
                self.on_fixes(unpack(body))
        except Exception:  # one bad publication must not end the subscription
            log.exception("a publication could not be applied")

    # --- the index of positions, for processes that start
    async def store_fixes(self, fixes: Sequence[RemoteFix]) -> bool:
        """Keeps fixes for processes that start later. True when the index was found missing and begun anew: then the
        caller stores everything that it knows. Silent when Redis is away."""
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                seconds, micros = await self._client.time()
                now = seconds + micros / 1e6
                pipe = self._client.pipeline(transaction=False)
                pipe.set(GENERATION, repr(now), nx=True)
                if fixes:
                    pipe.hset(
                        INDEX,
                        mapping={
                            f[0].bytes: _FIX.pack(f[0].bytes, *f[1:4], 0.0)[16:] + struct.pack("<d", now - f[4])
                            for f in fixes
                        },
                    )
                began, *_ = await pipe.execute()
        except AWAY:
            return False
        return bool(began)

    async def forget_fix(self, officer: UUID) -> None:
        """Off duty: gone from the index."""
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                await self._client.hdel(INDEX, officer.bytes)
        except AWAY as error:
            log.warning("a position could not be forgotten yet, it ages out: %s", error)

    async def load_fixes(self) -> tuple[list[RemoteFix], float]:
        """What the index holds, and its age in seconds (0.0: there is none, or Redis is away)."""
        try:
            async with asyncio.timeout(REDIS_S_MAX * 5):
                seconds, micros = await self._client.time()
                now = seconds + micros / 1e6
                born = await self._client.get(GENERATION)
                stored = await self._client.hgetall(INDEX)
        except AWAY:
            return [], 0.0
        fixes = []
        for key, value in stored.items():
            if isinstance(key, bytes) and isinstance(value, bytes) and (len(key), len(value)) == (16, 32):
                lat, lon, accuracy_m, _, seen = struct.unpack("<ddffd", value)
                fixes.append((UUID(bytes=key), lat, lon, accuracy_m, max(0.0, now - seen)))
        return fixes, now - float(born) if born else 0.0
