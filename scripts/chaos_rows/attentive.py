"""What measures must not be what is measured: the driver's own pauses are kept short, and told beside every figure.

All people, all fault proxies and all histories of a run live in one process. A full garbage collection over what it
keeps stops them all, for a second and more after some minutes, and each figure of time would carry that second as if
it were the service's.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable

from gateway.pauses import Pauses


@contextlib.asynccontextmanager
async def attentive() -> AsyncIterator[Callable[[], float]]:
    """While the body lasts nothing is collected: before it once, with everybody idle. Yields what tells the longest
    pause of this event loop since it began, in seconds."""
    gc.collect()
    gc.disable()
    pauses = Pauses()
    listening = asyncio.create_task(pauses.run())
    try:
        yield lambda: round(pauses.take_ms() / 1000, 3)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        gc.enable()
