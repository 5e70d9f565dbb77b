"""The relay role: `python -m gateway.relay`. Publishes what was committed and nobody published."""

import asyncio
import logging
import os
import secrets
import signal
import sys

from dispatch.adapters.postgres.cursors import PostgresCursors
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.bus import RedisBus, connect
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.limits import RELAY_POLL_S
from dispatch.streams.relaying import Relaying
from gateway.node import working_pool
from gateway.settings import Settings, SettingsError

log = logging.getLogger("onbeat.relay")


async def relay(settings: Settings, stop: asyncio.Event) -> None:
    """Relays until told to stop."""
    instance = f"relay-{secrets.token_hex(5)}"
    pool = await working_pool(settings, size=3)
    client = connect(settings.redis_url)
    bus = RedisBus(client, settings.redis_url, instance)
    upkeep = PostgresUpkeep(pool)
    relaying = Relaying(PostgresCases(pool), PostgresCursors(pool), bus, instance)
    bus.on_facts = relaying.heard
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bus.run())
        started, turns = False, 0
        while not stop.is_set():
            try:
                if not started:
                    await relaying.start()
                    started = True
                await relaying.turn()
                if turns % 8 == 0:
                    await upkeep.beat(instance, "relay")
                turns += 1
            except (StoreAway, StoreBusy) as error:
                log.warning("nothing was relayed: %s", error)
            try:
                async with asyncio.timeout(RELAY_POLL_S):
                    await stop.wait()
            except TimeoutError:
                continue
        running.cancel()
    await client.aclose()
    await pool.close()


async def until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await relay(settings, stop)


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"relay: {error}", file=sys.stderr)
        return 2
    asyncio.run(until_told(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
