"""The database's clock as a process knows it: read every few seconds, carried on by monotonic seconds in between.

A process' own wall clock may be minutes wrong (DECISIONS D3, promise A7). Deadlines of cases are judged inside the
database; what is only stamped and read by processes (tickets, the end of a session) goes by this.
"""

import time
from collections.abc import Awaitable, Callable

from dispatch.cases.ports import StoreAway
from dispatch.limits import CLOCK_READING_S_MAX


class StoreClock:
    """Called: the database's Unix seconds now. Raises: StoreAway before the first reading.

    `monotonic`: seconds that only grow; a rate that is some percent wrong is made good by the next reading.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead_s: float | None = None

    def __call__(self) -> float:
        if self._ahead_s is None:
            raise StoreAway("the database's clock was not read yet")
        return self._monotonic() + self._ahead_s

    async def read(self, ask: Callable[[], Awaitable[float]]) -> None:
        """Sets itself by `ask`, which tells the database's Unix seconds; wrong by half of how long the answer took.

        An answer that took longer than CLOCK_READING_S_MAX counts only when there is none yet. Raises: what `ask` does.
        """
        before = self._monotonic()
        there = await ask()
        after = self._monotonic()
        if self._ahead_s is None or after - before <= CLOCK_READING_S_MAX:
            self._ahead_s = there - (before + after) / 2
