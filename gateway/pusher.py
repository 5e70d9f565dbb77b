"""The pusher role: `python -m gateway.pusher`. Rings locked phones. Equal, leaderless, any number of them.

A process of its own: sealing fifty messages is work that no officer's socket should wait for, and whatever a push
service does stays here. It hears facts like a web process and decides nothing; each ring is claimed in the database.
"""

import asyncio
import contextlib
import logging
import secrets
import sys

from dispatch.adapters.postgres.push import PostgresPush
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.bus import FACTS, RedisBus, connect
from dispatch.adapters.webpush import WebPushSender
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.clock import StoreClock
from dispatch.push.ringing import Ringing
from dispatch.streams.feed import Feed
from gateway.role import main_of, working_pool
from gateway.settings import Settings

log = logging.getLogger(__name__)

BEAT_S = 2.0
WAIT_S = 1.0


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Rings until told to stop. Without a key there is nobody to ring, and it only waits."""
    push = settings.push
    if push is None:
        log.warning("ONBEAT_VAPID_KEY is not set: no phone is rung")
        await stop.wait()
        return
    instance = f"pusher-{secrets.token_hex(5)}"
    pool = await working_pool(settings, size=3)
    client = connect(settings.redis_url)
    bus = RedisBus(client, settings.redis_url, instance, (FACTS,))
    upkeep, clock = PostgresUpkeep(pool), StoreClock()
    feed = Feed(PostgresCases(pool), bus, instance)
    sender = WebPushSender(push.private_key, push.contact, clock, push.services.origins)
    ringing = Ringing(PostgresPush(pool), sender, lambda: feed.board, push.services)
    bus.on_facts = feed.heard
    feed.listeners.append(ringing.heard)

    async def beat() -> None:
        while True:
            with contextlib.suppress(StoreAway, StoreBusy):
                await clock.read(lambda: upkeep.beat(instance, "pusher"))
            await asyncio.sleep(BEAT_S)

    async def follow() -> None:
        while True:
            try:
                await clock.read(lambda: upkeep.beat(instance, "pusher"))
                await feed.start()
                break
            except (StoreAway, StoreBusy) as error:
                log.warning("waiting for the database: %s", error)
                await asyncio.sleep(WAIT_S)
        async with asyncio.TaskGroup() as both:
            both.create_task(feed.run())
            both.create_task(ringing.run())

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part) for part in (bus.run(), beat(), follow())]
        await stop.wait()
        for task in tasks:
            task.cancel()
    await sender.close()
    await client.aclose()
    await pool.close()


if __name__ == "__main__":
    sys.exit(main_of("pusher", work))
