"""One timer for all sockets of a process: who is silent, who is stuck, who has had long enough to leave.

A timer a socket would cost memory for every idle phone and a burst of pings when a herd has connected together.
Here a quarter of a second turns one of twenty buckets, so each socket is looked at every five seconds and 10,000
silent ones are pinged 500 at a time.
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Final, Protocol

TICK_S: Final = 0.25
BUCKETS: Final = 20


class Member(Protocol):
    """What stands on the wheel."""

    def turn(self, now: float) -> None:
        """Called every TICK_S * BUCKETS seconds while on the wheel."""

    def progress(self, now: float) -> bool:
        """Called every TICK_S seconds while behind; False: not behind any more."""

    def abort(self) -> None:
        """Called once its time to leave is over."""


class Wheel:
    """Runs only while it has members. `now` is the time of the last tick: coarse, and free to read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.now = clock()
        self._buckets: tuple[set[Member], ...] = tuple(set() for _ in range(BUCKETS))
        self._places: dict[Member, int] = {}
        self._round = itertools.cycle(range(BUCKETS))
        self._at = itertools.cycle(range(BUCKETS))
        self._behind: set[Member] = set()
        self._leaving: dict[Member, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Members in any list; 0 when nothing has leaked."""
        return len(self._places.keys() | self._behind | self._leaving.keys())

    def join(self, member: Member) -> None:
        """Its turns begin."""
        place = self._places[member] = next(self._round)
        self._buckets[place].add(member)
        self._start()

    def watch(self, member: Member) -> None:
        """It has unsent bytes: `progress` is asked every tick until it says False."""
        self._behind.add(member)

    def leave(self, member: Member, linger_s: float) -> None:
        """No more turns; `abort` after `linger_s` unless it is forgotten before."""
        self._drop(member)
        self._start()
        self._leaving[member] = self.now + linger_s

    def forget(self, member: Member) -> None:
        """It is gone: no call any more."""
        self._drop(member)
        self._leaving.pop(member, None)
        if not self._places and not self._leaving and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tick(self) -> None:
        """One step. The timer calls it; a test with a clock of its own may, too."""
        now = self.now = self._clock()
        for member in [member for member, deadline in self._leaving.items() if now >= deadline]:
            del self._leaving[member]
            member.abort()
        for member in list(self._behind):
            if not member.progress(now):
                self._behind.discard(member)
        for member in list(self._buckets[next(self._at)]):
            member.turn(now)

    def _drop(self, member: Member) -> None:
        place = self._places.pop(member, None)
        if place is not None:
            self._buckets[place].discard(member)
        self._behind.discard(member)

    def _start(self) -> None:
        if self._timer is None:
            self.now = self._clock()
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._fire)

    def _fire(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._fire)
        self.tick()
