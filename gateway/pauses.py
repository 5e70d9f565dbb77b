"""How long this process was deaf: a timer that notes how late it fires. While a loop is paused, everybody waits.

A pause of P is seen as at least P - TICK_S. Costs about 10 µs a tick: a thousandth of a core, so it is always on.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.01  # a fifth of the 50 ms that a pause may last
REMEMBERED_S: Final = 60  # what readiness tells of: long enough to be asked by any probe, short enough to forget


class Pauses:
    """The longest pauses of an event loop, second by second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._worst: deque[tuple[int, float]] = deque()  # (whole second, longest pause that ended in it, seconds)
        self._since_taken_s = 0.0

    async def run(self) -> None:
        """Listens until cancelled."""
        while True:
            due = self._clock() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late(self._clock() - due)

    def late(self, late_s: float) -> None:
        """A tick came so late."""
        late_s, second = max(0.0, late_s), int(self._clock())
        self._since_taken_s = max(self._since_taken_s, late_s)
        if self._worst and self._worst[-1][0] == second:
            self._worst[-1] = second, max(self._worst[-1][1], late_s)
            return
        self._worst.append((second, late_s))
        while self._worst[0][0] <= second - REMEMBERED_S:
            self._worst.popleft()

    def longest_ms(self) -> float:
        """The longest pause of the last REMEMBERED_S seconds, in milliseconds to a tenth."""
        since = int(self._clock()) - REMEMBERED_S
        return round(1000 * max((worst for second, worst in self._worst if second > since), default=0.0), 1)

    def take_ms(self) -> float:
        """The longest pause since this was last asked; for measurements, which begin by asking."""
        taken, self._since_taken_s = self._since_taken_s, 0.0
        return round(1000 * taken, 1)
