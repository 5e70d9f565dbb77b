"""When a batch that may still grow should go: not while other work goes on, and never later than LULL_S_MAX."""

import asyncio
import time
from collections.abc import Callable

from dispatch.limits import BUSY_TURN_S, LULL_S_MAX, LULL_S_MIN


class Lull:
    """Shared by the batches of one event loop; knows which of their calls run.

    A call costs the same millisecond for one item as for ten. What the loop still has to do brings more items along,
    and so does the answer to a call that runs; only once neither is left, waiting would be idle.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock`: seconds, fine enough to tell a turn of the loop that had work from one that had none."""
        self._clock = clock
        self._running = 0
        self._held: dict[_Wait, None] = {}  # until no call runs, in order; nobody longer than LULL_S_MAX

    def begun(self) -> None:
        """A call of one of the batches begins; `ended` follows, whatever becomes of it."""
        self._running += 1

    def ended(self) -> None:
        self._running -= 1
        if not self._running:
            held, self._held = self._held, {}
            for wait in held:
                self._look(wait)

    def ask(self, then: Callable[[], None]) -> None:
        """Calls `then`, once: after LULL_S_MIN, when no call runs and the loop has nothing else to do; after LULL_S_MAX
        whatever goes on."""
        wait, loop = _Wait(then), asyncio.get_running_loop()
        wait.latest = loop.call_later(LULL_S_MAX, self._go, wait)
        loop.call_later(LULL_S_MIN, self._look, wait)

    def _look(self, wait: "_Wait", before: float | None = None) -> None:
        """After each turn of the loop, until one took no time."""
        if wait.over:
            return
        now = self._clock()
        if before is None or now - before > BUSY_TURN_S:
            asyncio.get_running_loop().call_soon(self._look, wait, now)
        elif self._running:
            self._held[wait] = None
        else:
            self._go(wait)

    def _go(self, wait: "_Wait") -> None:
        if not wait.over:
            wait.over = True
            wait.latest.cancel()
            self._held.pop(wait, None)
            wait.then()


class _Wait:
    __slots__ = ("latest", "over", "then")
    latest: asyncio.TimerHandle

    def __init__(self, then: Callable[[], None]) -> None:
        self.then, self.over = then, False
