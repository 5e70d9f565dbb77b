"""How many connections a process makes at once, however many calls ask for one.

Where a database ends all connections, or comes back, every process of the fleet would open as many as its calls ask for
in that moment, and plan every function anew on each: work of seconds for the database's processors, in which nothing
that is due is fired. So few are new at once, and whoever waits takes a connection that has become free, too: mostly the
first ones do for all. What a connection has to plan is planned by the calls that it makes, never before.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from dispatch.limits import OPENING_S_MAX, OPENINGS_MAX


class Sized(Protocol):
    """A pool's own counts."""

    def get_idle_size(self) -> int: ...

    def get_size(self) -> int: ...

    def get_max_size(self) -> int: ...


class Openings:
    """Lets calls pass to a pool. One that finds no free connection, and would have one made, passes while fewer than
    OPENINGS_MAX others are at that. A new connection counts until its first call is over, or for OPENING_S_MAX: a
    call may wait for somebody's row."""

    def __init__(self) -> None:
        self._new: set[object] = set()
        self._waiting = 0
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def passed(self, pool: Sized) -> AsyncIterator[None]:
        """Waits for one's turn; what is left counts as the end of the call."""
        opening: object | None = None
        while not pool.get_idle_size() and pool.get_size() < pool.get_max_size():
            if len(self._new) < OPENINGS_MAX:
                opening = object()
                self._new.add(opening)
                asyncio.get_running_loop().call_later(OPENING_S_MAX, self._over, opening)
                break
            self._waiting += 1
            try:
                await self._changed.wait()
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            self._over(opening)

    def _over(self, opening: object | None) -> None:
        """Whoever waits looks again, in the order of coming: one may be free, or another may be made."""
        self._new.discard(opening)
        if self._waiting:
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
