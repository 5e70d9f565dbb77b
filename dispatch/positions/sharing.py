"""How fixes go from process to process: told with each flush, kept in an index for whoever starts, read at a start.

The index can be wiped at any moment. Whoever finds it missing fills it from memory; until it is old enough nobody
who starts trusts it, and offers go to the whole station meanwhile.
"""

from collections.abc import Sequence
from typing import Protocol

from dispatch.limits import FIX_STORE_FLUSHES, FIX_STORE_MAX, GENERATION_AGE_S_MIN
from dispatch.positions.live import LivePositions, RemoteFix


class FixBus(Protocol):
    """The way of the fixes. May lose and double; never waits long, never raises."""

    def post_fixes(self, fixes: Sequence[RemoteFix]) -> None:
        """To all other processes."""

    async def store_fixes(self, fixes: Sequence[RemoteFix]) -> bool:
        """Into the index. True: it was missing and is begun anew, so that everything known is to be stored."""

    async def load_fixes(self) -> tuple[list[RemoteFix], float]:
        """What the index holds, and its age in seconds (0.0: there is none, or nobody can say)."""


class Sharing:
    """Of one process."""

    def __init__(self, bus: FixBus, positions: LivePositions) -> None:
        self._bus, self._positions = bus, positions
        self._turn = 0

    async def load(self) -> None:
        """What others know, at a start. An index that is old enough is a complete one."""
        fixes, age_s = await self._bus.load_fixes()
        self._positions.heard(fixes)
        if age_s >= GENERATION_AGE_S_MIN:
            self._positions.listening(True, loaded=True)

    async def flush(self) -> None:
        """Every FIX_FLUSH_S: tells the others, and every so many times those who will start."""
        self._bus.post_fixes(self._positions.take_unsent())
        self._turn += 1
        if self._turn % FIX_STORE_FLUSHES == 0:
            await self.store()

    async def store(self) -> None:
        """What the index does not hold yet; everything known, where it was found missing."""
        if await self._store(self._positions.take_unstored()):
            for some in self._positions.everything():
                await self._store(some)

    async def _store(self, fixes: Sequence[RemoteFix]) -> bool:
        """Some at a time, so that nobody waits for all. True: it was found missing, also where no phone has sent."""
        missing = False
        for first in range(0, max(1, len(fixes)), FIX_STORE_MAX):
            missing |= await self._bus.store_fixes(fixes[first : first + FIX_STORE_MAX])
        return missing
