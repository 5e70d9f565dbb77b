"""How many reports came from where: counted here at once, told to the fleet several times a second.

So the report's way never waits for Redis, and a process that cannot reach it counts alone: a report is never stopped by
a counter. What several processes let through before they have heard of each other is bounded by what arrives within
ABUSE_SHARE_S. Whatever Redis forgets is told to it again.

Names are keyed with a random key of the day, which the fleet agrees on and which is gone with the day: nobody, not even
we, can later say whose they were (DECISIONS D19). They stand in memory and in Redis, for two windows at most.
"""

import hmac
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from dispatch.abuse.ports import SharedCounts
from dispatch.abuse.values import Subject
from dispatch.limits import ABUSE_COUNTS_MAX, ABUSE_SHARE_MAX, REPORT_WINDOW_S

DAY_S: Final = 86_400
KEY_BYTES: Final = 32
GENERATION_BYTES: Final = 8
NAME_BYTES: Final = 16


class _Count:
    """One name in one window. `own`: counted here; `told`: of these, what the fleet was told; `others`: of the fleet;
    `known`: the least that these can be, after a loss."""

    __slots__ = ("before", "known", "others", "own", "told", "window")

    def __init__(self, window: int, before: int = 0) -> None:
        self.window, self.before = window, before
        self.own = self.told = self.others = self.known = 0


class Counting:
    """One for each process. `now`: Unix seconds, the same for the fleet."""

    def __init__(self, shared: SharedCounts, now: Callable[[], float]) -> None:
        self._shared, self._now = shared, now
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()
        self._untold: dict[bytes, None] = {}
        self._day, self._key = -1, b""

    def name(self, subject: Subject, text: str) -> bytes:
        """The same for the same text within a day, in every process that has heard of the others."""
        self._today()
        return hmac.digest(self._key[:KEY_BYTES], f"{subject}|{text}".encode(), "sha256")[:NAME_BYTES]

    def of(self, name: bytes) -> int:
        """How many within the last REPORT_WINDOW_S, rounded up: the window before counts by the part that is left."""
        count = self._counts.get(name)
        window, gone = divmod(self._now() / REPORT_WINDOW_S, 1.0)
        if count is None or count.window < window - 1:
            return 0
        if count.window < window:
            return math.ceil((count.own + count.others) * (1.0 - gone))
        return count.own + count.others + math.ceil(count.before * (1.0 - gone))

    def add(self, names: Iterable[bytes], more: int = 1) -> None:
        """Counted, from now on. `more` -1: given back, because nothing came of it."""
        window = int(self._now() // REPORT_WINDOW_S)
        for name in names:
            count = self._counts.pop(name, None)
            if count is None or count.window != window:
                if more < 0:
                    continue  # what is given back belonged to a window that is over
                count = _Count(window, count.own + count.others if count and count.window == window - 1 else 0)
            self._counts[name] = count
            count.own = max(0, count.own + more)
            self._untold[name] = None
        while len(self._counts) > ABUSE_COUNTS_MAX:
            self._untold.pop(self._counts.popitem(last=False)[0], None)

    async def share(self) -> bool:
        """Tells the fleet what was counted here, and hears what was counted elsewhere. False: it could not be."""
        self._today()
        day, key, window = self._day, self._key, int(self._now() // REPORT_WINDOW_S)
        told: dict[bytes, int] = {}
        for name in list(self._untold)[:ABUSE_SHARE_MAX]:
            del self._untold[name]
            count = self._counts[name]
            if count.window == window:
                told[name] = count.own - count.told
        heard = await self._shared.add(day, key, window, told)
        if heard is None:
            self._untold = {**dict.fromkeys(name for name in told if name in self._counts), **self._untold}
            return False
        if day != self._day:
            return True  # it became another day while we asked
        if heard.day[:KEY_BYTES] != key[:KEY_BYTES]:
            self._begin(day, heard.day)
            return True
        if heard.day != key:
            self._tell_again(heard.day)
        for name, total, before in zip(told, heard.totals, heard.before, strict=True):
            kept = self._counts.get(name)  # may have gone, or begun anew, while we asked
            if kept is not None and kept.window == window:
                kept.told += told[name]
                kept.others = max(kept.known, total - kept.told)
                kept.before = max(kept.before, before)
        return True

    def _today(self) -> None:
        day = int(self._now() // DAY_S)
        if day != self._day:
            self._begin(day, secrets.token_bytes(KEY_BYTES + GENERATION_BYTES))

    def _begin(self, day: int, key: bytes) -> None:
        """Another key: what was counted under the last one belongs to nobody any more."""
        self._day, self._key = day, key
        self._counts.clear()
        self._untold.clear()

    def _tell_again(self, generation: bytes) -> None:
        """The same key in another generation: Redis has forgotten, and somebody has begun it anew."""
        self._key = generation
        for name, count in self._counts.items():
            count.told, count.known = 0, count.others  # the others tell it again too, but when?
            self._untold[name] = None
