"""Sessions remembered for seconds, tickets used once, attempts counted: in Redis. Keeps `SessionCache`.

Everything here can be thrown away at any time. A call waits `WAIT_S` at most; after a failure Redis is left alone
for `PAUSE_S`, so that a dead one costs a request nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from dispatch.adapters.redis.line import AWAY
from dispatch.people.ports import Cached, Use
from dispatch.people.values import Who

WAIT_S: Final = 1.0  # a process that is busy with a thousand handshakes hears an answer late: that is not away
PAUSE_S: Final = 1.0
KEPT_S: Final = 5  # how old an answer about a session may be when Redis failed at the moment of a sign-out
ENDED_S: Final = 60  # longer than any read of the store that began before the end

_ENDED: Final = b"ended"
_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Who)

_TAKE: Final = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""
_USE: Final = """
local answers = {}
for i = 1, #KEYS, 2 do
    answers[i] = redis.call('SET', KEYS[i], '1', 'EX', ARGV[1], 'NX') and 1 or 0
    answers[i + 1] = redis.call('GET', KEYS[i + 1])
end
return answers
"""
_GIVE_BACK: Final = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end return 0"


class RedisSessions:
    """One for each process. `redis` answers in bytes (the client's default); `now`: seconds that only grow."""

    def __init__(self, redis: Redis, now: Callable[[], float] = time.monotonic) -> None:
        self._redis: Any = redis  # its own annotations leave commands untyped
        self._now = now
        self._resume_at = 0.0

    async def by_token(self, token_mac: bytes) -> Cached | None:
        ok, found = await self._ask(lambda: self._command("GET", _token(token_mac)))
        return _read(found) if ok else None

    async def keep(self, token_mac: bytes, who: Who) -> None:
        # NX: neither a newer answer nor the mark of an end is overwritten by a reader who looked earlier.
        kept = _encode(who)
        await self._ask(
            lambda: self._commands(
                ("SET", _token(token_mac), kept, "EX", KEPT_S, "NX"),
                ("SET", _session(who.session), kept, "EX", KEPT_S, "NX"),
            )
        )

    async def ended(self, sessions: Mapping[UUID, bytes | None]) -> None:
        names = [_session(session) for session in sessions]
        names += [_token(token_mac) for token_mac in sessions.values() if token_mac is not None]
        marks: list[tuple[object, ...]] = [("SET", name, _ENDED, "EX", ENDED_S) for name in names]
        if marks:
            await self._ask(lambda: self._commands(*marks))

    async def use(self, tickets: Sequence[tuple[bytes, UUID]], lasts_s: int) -> list[Use] | None:
        # One command for all: the driver's work for each of two thousand would be most of a herd's wait.
        names = [name for nonce, session in tickets for name in (b"ticket:" + nonce, _session(session))]
        ok, answers = await self._ask(lambda: self._command("EVAL", _USE, len(names), *names, lasts_s))
        if not ok:
            return None
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return [Use(first=bool(first), cached=_read(cached)) for first, cached in pairs]

    async def take(self, bucket: str, limit: int, per_s: int) -> bool | None:
        slot = f"tries:{bucket}"
        ok, count = await self._ask(lambda: self._command("EVAL", _TAKE, 1, slot, per_s))
        return int(count) <= limit if ok else None

    async def give_back(self, bucket: str, per_s: int) -> None:
        await self._ask(lambda: self._command("EVAL", _GIVE_BACK, 1, f"tries:{bucket}"))

    async def _command(self, *words: object) -> Any:
        return await self._redis.execute_command(*words)

    async def _commands(self, *commands: tuple[object, ...]) -> Any:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for words in commands:
                pipeline.execute_command(*words)
            return await pipeline.execute()

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> tuple[bool, Any]:
        """The answer, or False when there is none in time."""
        if self._now() < self._resume_at:
            return False, None
        try:
            async with asyncio.timeout(WAIT_S):
                return True, await question()
        except AWAY:
            self._resume_at = self._now() + PAUSE_S
            return False, None


def _token(token_mac: bytes) -> bytes:
    return b"session:token:" + token_mac


def _session(session: UUID) -> bytes:
    return b"session:id:" + session.bytes


def _read(found: bytes | None) -> Cached | None:
    if found is None:
        return None
    if found == _ENDED:
        return Cached(None)
    try:
        return Cached(_decoder.decode(found))
    except msgspec.MsgspecError:  # written by another version
        return None
