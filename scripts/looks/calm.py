"""Whether the machine was busy with other things while something was measured: Lighthouse simulates a phone out of
what it observes, and on a machine that others load it observes the others.

Nothing here looks at a score. Runs are told apart by Lighthouse's own benchmark of the processor, taken before each,
and the ones that had most of the processor count, so many as were asked for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

STAT: Final = Path("/proc/stat")
IDLE_PART: Final = 0.5
"""Of all processors over a second: one of two is free, which is what a browser keeps busy."""
PATIENCE_S: Final = 90.0
"""Waited for calm in a whole report, all pages together; afterwards it is measured as it is."""
WEAK: Final = 0.8
"""A run whose benchmark fell below so much of the best one of this report was disturbed."""
MORE_MAX: Final = 3
"""Runs of a page beyond those that were asked for."""

Run = dict[str, Any]


class Machine:
    """What is known of this machine in one report."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self.best = 0.0

    async def calm(self) -> None:
        """Waits until half of the machine rests for a second, while there is patience left."""
        while self.patience_s > 0:
            began, before = time.monotonic(), busy_and_all()
            await asyncio.sleep(1)
            after = busy_and_all()
            whole = after[1] - before[1]
            if whole <= 0 or (after[0] - before[0]) / whole <= 1 - IDLE_PART:
                return
            self.patience_s -= time.monotonic() - began

    async def undisturbed(self, run: Callable[[], Awaitable[Run]], runs: int) -> list[Run]:
        """So many runs, the least disturbed of at most MORE_MAX more."""
        told: list[Run] = []
        while len(told) < runs or (len(self._strong(told)) < runs and len(told) < runs + MORE_MAX):
            await self.calm()
            told.append(await run())
            self.best = max(self.best, index_of(told[-1]))
        return sorted(told, key=index_of, reverse=True)[:runs]

    def _strong(self, told: Sequence[Run]) -> list[Run]:
        return [one for one in told if index_of(one) >= WEAK * self.best]


def index_of(run: Run) -> float:
    """Lighthouse's benchmark of the processor before this run; more is faster."""
    return float(run.get("environment", {}).get("benchmarkIndex") or 0.0)


def busy_and_all() -> tuple[int, int]:
    """Ticks of all processors since the start, busy and in all; nought where the system does not tell."""
    try:
        ticks = [int(one) for one in STAT.read_text().partition("\n")[0].split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
