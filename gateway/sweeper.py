"""The sweeper role: `python -m gateway.sweeper`. Fires what is due. Equal, leaderless, any number of them."""

import asyncio
import logging
import os
import signal
import sys

from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.limits import SWEEP_S
from dispatch.streams.sweeping import Sweeping
from gateway.node import open_node
from gateway.settings import Settings, SettingsError

log = logging.getLogger("onbeat.sweeper")


async def sweep(settings: Settings, stop: asyncio.Event) -> None:
    """Sweeps until told to stop; a database that is away is asked again at the next tick."""
    async with open_node(settings, "sweeper") as node:
        sweeping = Sweeping(node.store, node.feed, node.positions, node.catalogue)
        while not stop.is_set():
            try:
                await sweeping.sweep()
            except (StoreAway, StoreBusy) as error:
                log.warning("nothing was swept: %s", error)
            try:
                async with asyncio.timeout(SWEEP_S):
                    await stop.wait()
            except TimeoutError:
                continue


async def until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await sweep(settings, stop)


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"sweeper: {error}", file=sys.stderr)
        return 2
    asyncio.run(until_told(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
