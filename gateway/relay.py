"""The relay role: `python -m gateway.relay`. Publishes what was committed and nobody published."""

import asyncio
import secrets
import sys

from dispatch.adapters.postgres.cursors import PostgresCursors
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.bus import FACTS, RedisBus, connect
from dispatch.limits import RELAY_POLL_S
from dispatch.streams.relaying import Relaying
from gateway.role import every, main_of, working_pool
from gateway.settings import Settings

BEAT_TURNS = 8


class Relay:
    """One relay's turns: start once, then publish and, now and then, say that it lives."""

    def __init__(self, relaying: Relaying, upkeep: PostgresUpkeep, instance: str) -> None:
        self._relaying, self._upkeep, self._instance = relaying, upkeep, instance
        self._started, self._turns = False, 0

    async def turn(self) -> None:
        if not self._started:
            await self._relaying.start()
            self._started = True
        await self._relaying.turn()
        if self._turns % BEAT_TURNS == 0:
            await self._upkeep.beat(self._instance, "relay")
        self._turns += 1


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Relays until told to stop."""
    instance = f"relay-{secrets.token_hex(5)}"
    pool = await working_pool(settings, size=3)
    client = connect(settings.redis_url)
    bus = RedisBus(client, settings.redis_url, instance, (FACTS,))
    relaying = Relaying(PostgresCases(pool), PostgresCursors(pool), bus, instance)
    bus.on_facts = relaying.heard
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bus.run())
        await every(RELAY_POLL_S, stop, Relay(relaying, PostgresUpkeep(pool), instance).turn)
        running.cancel()
    await client.aclose()
    await pool.close()


if __name__ == "__main__":
    sys.exit(main_of("relay", work))
