"""The relay role: `python -m gateway.relay`. Publishes what was committed and nobody published; writes down, outside
the database, where every chain of the history ends."""

import asyncio
import logging
import secrets
import sys
from pathlib import Path

import asyncpg

from dispatch.adapters.heads import HeadsFolder
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.cursors import PostgresCursors
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.bus import FACTS, RedisBus, connect
from dispatch.adapters.signing import KEY_FILE, Ed25519Signer
from dispatch.audit.witness import Witness
from dispatch.limits import RELAY_POLL_S, WITNESS_S
from dispatch.streams.relaying import Relaying
from gateway.role import every, main_of, working_pool
from gateway.settings import Settings

log = logging.getLogger(__name__)

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


def witness_of(pool: "asyncpg.Pool[asyncpg.Record]", heads: Path, secret: bytes) -> Witness:
    """A witness of this database that writes to that folder."""
    signer = Ed25519Signer(secret)
    return Witness(PostgresJournal(pool), HeadsFolder(heads, KEY_FILE, signer.pem()), signer)


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
        if settings.heads is None or settings.witness_key is None:
            log.warning("ONBEAT_HEADS is not set: the history's heads are signed and written nowhere")
        else:
            witness = witness_of(pool, settings.heads, settings.witness_key)
            group.create_task(every(WITNESS_S, stop, witness.turn))
        await every(RELAY_POLL_S, stop, Relay(relaying, PostgresUpkeep(pool), instance).turn)
        running.cancel()
    await client.aclose()
    await pool.close()


if __name__ == "__main__":
    sys.exit(main_of("relay", work))
