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
from dispatch.cases.ports import StoreAway
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
    """One sweeper's work in two strands, so that what is due waits for nothing else.

    `sweep` fires what is due, over a connection of its own that is asked nothing else: where every connection was
    ended at once it is the first to be made, and makes only the plans that it needs. `rest` is all that may wait.
    """

    def __init__(
        self,
        own: "asyncpg.Pool[asyncpg.Record]",
        pool: "asyncpg.Pool[asyncpg.Record]",
        bus: RedisBus,
        instance: str,
    ) -> None:
        """`own`: the one connection for what is due."""
        self._own, self._pool, self._instance = own, pool, instance
        self._upkeep = PostgresUpkeep(pool)
        self._catalogue, self._roster = Catalogue(), Roster()
        self._keeper = CatalogueKeeper(pool, self._catalogue)
        self.positions = LivePositions(self._roster, everybody=True)
        publisher = Publisher(bus, instance)
        self._sweeping = Sweeping(
            PostgresCases(own), publisher, self.positions, self._catalogue, before_waves=self._before_waves
        )
        self._watching = Watching(
            PostgresWatch(pool), publisher, self.positions, self._catalogue, before_rounds=self._who_is_free
        )
        self._fires = False
        self._looked_at = self._beat_at = self._pruned_at = self._watched_at = -1e9

    async def sweep(self) -> None:
        """Fires what is due. Raises: StoreAway, StoreBusy."""
        try:
            await self._sweeping.sweep()
        except StoreAway:
            self._fires = False
            raise
        self._fires = True

    async def rest(self) -> None:
        """Looks at the town, at who is on the way, says that it lives, removes what has had its time; nothing of it
        after a database that was away until what was due meanwhile is fired. Raises: StoreAway, StoreBusy."""
        if not self._fires:
            return
        now = time.monotonic()
        if now - self._looked_at >= TOWN_POLL_S:
            await self._keeper.look()
            self._looked_at = now
        if now - self._watched_at >= WATCH_TURN_S:
            await self._watching.turn()
            self._watched_at = now
        if now - self._beat_at >= BEAT_S:
            await self._upkeep.beat(self._instance, "sweeper")
            self._beat_at = now
        # at the next tick again while there is more
        if now - self._pruned_at >= PRUNE_S and not await self._upkeep.prune():
            self._pruned_at = now

    async def _before_waves(self) -> None:
        if not self._catalogue.stations:  # somebody has to be asked before the first look at the town
            await self._keeper.look()
        self._roster.replace(await load_free_roster(self._own))

    async def _who_is_free(self) -> None:
        self._roster.replace(await load_free_roster(self._pool))


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Sweeps until told to stop."""
    instance = f"sweeper-{secrets.token_hex(5)}"
    own = await working_pool(settings, size=1)
    pool = await working_pool(settings, size=2)
    client = connect(settings.redis_url)
    bus = RedisBus(client, settings.redis_url, instance, (FIXES,))
    sweeper = Sweeper(own, pool, bus, instance)
    bus.on_fixes, bus.on_link = sweeper.positions.heard, sweeper.positions.listening
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bus.run())
        await Sharing(bus, sweeper.positions).load()
        resting = group.create_task(every(SWEEP_S, stop, sweeper.rest))
        await every(SWEEP_S, stop, sweeper.sweep)
        await resting
        running.cancel()
    await client.aclose()
    await own.close()
    await pool.close()


if __name__ == "__main__":
    sys.exit(main_of("sweeper", work))
