"""What every role's process does alike: read the settings, reach the database in the lesser role, stop when told."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import asyncpg

from dispatch.adapters.postgres.legal import check_rules
from dispatch.adapters.postgres.lesser import lesser_dsn
from dispatch.adapters.postgres.pool import connect_pool, connection
from dispatch.cases.ports import StoreAway, StoreBusy
from gateway.logs import log_lines
from gateway.settings import Settings, SettingsError

log = logging.getLogger(__name__)

WAIT_S = (0.1, 2.0)


async def working_pool(settings: Settings, *, size: int = 8) -> "asyncpg.Pool[asyncpg.Record]":
    """Connections in the lesser role, to a database whose rules are this version's. Waits while it is away.

    Raises: RulesDiffer.
    """
    wait = WAIT_S[0]
    while True:
        try:
            dsn = await lesser_dsn(settings.database_url)
            pool = await connect_pool(dsn, size=size)
            async with connection(pool) as one:
                await check_rules(one)
            return pool
        except (StoreAway, StoreBusy) as error:
            log.warning("waiting for the database: %s", error)
            await asyncio.sleep(wait)
            wait = min(2 * wait, WAIT_S[1])


async def every(period_s: float, stop: asyncio.Event, turn: Callable[[], Awaitable[object]]) -> None:
    """Calls `turn` until told to stop; a database that is away is asked again at the next turn."""
    while not stop.is_set():
        try:
            await turn()
        except (StoreAway, StoreBusy) as error:
            log.warning("nothing was done: %s", error)
        except Exception:  # one row that nobody foresaw must not end every sweeper in turn
            log.exception("a turn failed")
        try:
            async with asyncio.timeout(period_s):
                await stop.wait()
        except TimeoutError:
            continue


async def _until_told(settings: Settings, work: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await work(settings, stop)


def main_of(name: str, work: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> int:
    """The whole of a role's `main`: exit code 0 when it was told to stop, 2 when the environment is wrong."""
    log_lines()
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    asyncio.run(_until_told(settings, work))
    return 0
