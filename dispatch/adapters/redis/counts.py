"""Counts of the fleet in Redis: keeps `dispatch.abuse.ports.SharedCounts`. All of it can be thrown away."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis

from dispatch.abuse.counting import DAY_S, GENERATION_BYTES, KEY_BYTES
from dispatch.abuse.ports import Shared
from dispatch.adapters.redis.line import AWAY
from dispatch.limits import REDIS_S_MAX, REPORT_WINDOW_S

# The first who asks makes the day's key, and after a loss a new generation of it. One command for all counts.
_ADD: Final = """
local day = redis.call('GET', KEYS[1])
if not day then
    day = ARGV[1]
    redis.call('SET', KEYS[1], day, 'EX', ARGV[2])
end
local answer = {day}
for i = 2, #KEYS, 2 do
    local n = redis.call('INCRBY', KEYS[i], ARGV[3 + i / 2])
    redis.call('EXPIRE', KEYS[i], ARGV[3])
    answer[i] = n
    answer[i + 1] = tonumber(redis.call('GET', KEYS[i + 1]) or '0')
end
return answer
"""


class RedisCounts:
    """On a client that answers in bytes (the default)."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # its own annotations leave commands untyped

    async def add(self, day: int, mine: bytes, window: int, more: Mapping[bytes, int]) -> Shared | None:
        fresh = mine[:KEY_BYTES] + secrets.token_bytes(GENERATION_BYTES)
        names = [f"onbeat:abuse:{day}".encode()]
        for name in more:
            names += (b"abuse:%d:" % window + name, b"abuse:%d:" % (window - 1) + name)
        asked = ("EVAL", _ADD, len(names), *names, fresh, DAY_S, 2 * REPORT_WINDOW_S, *more.values())
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                found = await self._redis.execute_command(*asked)
        except AWAY:
            return None
        return Shared(found[0], found[1::2], found[2::2])
