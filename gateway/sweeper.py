"""The sweeper role: `python -m gateway.sweeper`. Fires what is due. Equal, leaderless, any number of them.

It keeps positions, to find who is asked next, and no board: what it decides is judged in the database.
"""

import asyncio
import secrets
import sys
import time

import asyncpg

from dispatch.adapters.postgres.catalogue import CatalogueKeeper, load_free_roster
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.adapters.redis.bus import FIXES, RedisBus, connect
from dispatch.cases.catalogue import Catalogue
from dispatch.limits import PRUNE_S, SWEEP_S, TOWN_POLL_S, WATCH_TURN_S
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.positions.sharing import Sharing
from dispatch.streams.sweeping import Publisher, Sweeping
from dispatch.watch.watching import Watching
from gateway.role import every, main_of, working_pool
from gateway.settings import Settings

BEAT_S = 2.0


class Sweeper:
    """One sweeper's turns."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", bus: RedisBus, instance: str) -> None:
        self._pool, self._instance = pool, instance
        self._upkeep = PostgresUpkeep(pool)
        self._catalogue, self._roster = Catalogue(), Roster()
        self._keeper = CatalogueKeeper(pool, self._catalogue)
        self.positions = LivePositions(self._roster, everybody=True)
        store = PostgresCases(pool)
        self._sweeping = Sweeping(
            store, Publisher(bus, instance), self.positions, self._catalogue, before_waves=self._who_is_free
        )
        self._watching = Watching(
            PostgresWatch(pool),
            Publisher(bus, instance),
            self.positions,
            self._catalogue,
            before_rounds=self._who_is_free,
        )
        self._looked_at = self._beat_at = self._pruned_at = self._watched_at = -1e9

    async def turn(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= TOWN_POLL_S:
            await self._keeper.look()
            self._looked_at = now
        await self._sweeping.sweep()
        if now - self._watched_at >= WATCH_TURN_S:
            await self._watching.turn()
            self._watched_at = now
        if now - self._beat_at >= BEAT_S:
            await self._upkeep.beat(self._instance, "sweeper")
            self._beat_at = now
        # after what is due, and again at the next tick while there is more
        if now - self._pruned_at >= PRUNE_S and not await self._upkeep.prune():
            self._pruned_at = now

    async def _who_is_free(self) -> None:
        self._roster.replace(await load_free_roster(self._pool))


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Sweeps until told to stop."""
    instance = f"sweeper-{secrets.token_hex(5)}"
    pool = await working_pool(settings, size=3)
    client = connect(settings.redis_url)
    bus = RedisBus(client, settings.redis_url, instance, (FIXES,))
    sweeper = Sweeper(pool, bus, instance)
    bus.on_fixes, bus.on_link = sweeper.positions.heard, sweeper.positions.listening
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bus.run())
        await Sharing(bus, sweeper.positions).load()
        await every(SWEEP_S, stop, sweeper.turn)
        running.cancel()
    await client.aclose()
    await pool.close()


if __name__ == "__main__":
    sys.exit(main_of("sweeper", work))
