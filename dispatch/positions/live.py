"""Where the officers on duty are now: latest wins, every process knows all, nothing here is durable.

A fix enters from a socket of this process, is applied at once, and goes to the others with the next flush. Times are
this process's monotonic seconds; between processes only ages travel, so that no clock is trusted.
"""

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sized
from uuid import UUID

from dispatch.limits import FIX_ACCURACY_M_MAX, FIX_AGE_S_MAX, FIX_STORE_MAX, GENERATION_AGE_S_MIN
from dispatch.positions.roster import Roster
from geo.grid import Grid
from geo.nearest import rank
from geo.point import Point

RemoteFix = tuple[UUID, float, float, float, float]
"""officer, latitude, longitude, accuracy in metres, age in seconds"""


class LivePositions:
    """`dispatch.cases.ports.Nearby` over a grid in memory."""

    def __init__(self, roster: Roster, clock: Callable[[], float] = time.monotonic, *, everybody: bool = False) -> None:
        """`everybody`: keep fixes of officers who are not on the roster yet; they rank once they are."""
        self._roster, self._clock, self._everybody = roster, clock, everybody
        self._grid: Grid[UUID] = Grid()
        self._unsent: dict[UUID, tuple[float, float, float, float]] = {}
        self._unstored: dict[UUID, tuple[float, float, float, float]] = {}
        self._seen_at: dict[UUID, float] = {}  # of whom the grid knows; the grid's own answer costs ten times as much
        self._listening_since: float | None = None
        self._loaded = False
        self.applied = 0  # fixes taken from this process's own sockets since it began
        self.age_s_max = FIX_AGE_S_MAX
        self.beside: Callable[[], Container[UUID]] = tuple  # who called for help: their fixes are kept off duty too
        self.held: Callable[[], Mapping[UUID, Sized]] = dict  # cases on officers' slots, as the board knows them now

    # --- what enters
    def put(self, officer: UUID, lat: float, lon: float, accuracy_m: float, age_s: float) -> bool:
        """A fix from a socket of this process. Off duty no position is kept. True: nothing fresh was known before."""
        own = self._roster.by_id.get(officer)
        if own is not None:
            officer = own.officer  # one object an officer: Roster.known
        elif officer not in self.beside():
            return False
        now = self._clock()
        before = self._seen_at.get(officer)
        seen_at = now - age_s
        self._grid.put(officer, lat, lon, seen_at, accuracy_m)
        self._seen_at[officer] = seen_at
        self._unsent[officer] = (lat, lon, accuracy_m, seen_at)
        self.applied += 1
        return before is None or now - before > self.age_s_max

    def heard(self, fixes: Iterable[RemoteFix]) -> None:
        """Fixes of other processes. An older one than is known changes nothing."""
        now = self._clock()
        on_duty, beside = self._roster.by_id, self.beside()
        for officer, lat, lon, accuracy_m, age_s in fixes:
            own = on_duty.get(officer)
            if own is not None:
                officer = own.officer  # noqa: PLW2901 - one object an officer: Roster.known
            if self._everybody or own is not None or officer in beside:
                seen_at = now - age_s
                known = self._seen_at.get(officer)
                if known is None or known <= seen_at:
                    self._grid.put(officer, lat, lon, seen_at, accuracy_m)
                    self._seen_at[officer] = seen_at

    def drop(self, officer: UUID) -> None:
        """Off duty: forgotten at once."""
        self._grid.drop(officer)
        self._seen_at.pop(officer, None)
        self._unsent.pop(officer, None)
        self._unstored.pop(officer, None)

    def take_unsent(self) -> list[RemoteFix]:
        """What the others have not been told, once."""
        unsent, self._unsent = self._unsent, {}
        self._unstored.update(unsent)
        return self._aged(unsent)

    def take_unstored(self) -> list[RemoteFix]:
        """What the index does not hold yet, once."""
        unstored, self._unstored = self._unstored, {}
        return self._aged(unstored)

    def _aged(self, fixes: Mapping[UUID, tuple[float, float, float, float]]) -> list[RemoteFix]:
        now = self._clock()
        return [(o, lat, lon, acc, max(0.0, now - seen)) for o, (lat, lon, acc, seen) in fixes.items()]

    def everything(self) -> Iterator[list[RemoteFix]]:
        """Every fresh fix known here of officers on duty, FIX_STORE_MAX at a time: how a wiped index is filled again.

        A part is read when it is taken, so that the loop may have turns in between: who has gone off duty by then is
        not in it. Who comes on duty meanwhile may be missing, and is unsent.
        """
        everyone = list(self._roster.by_id)
        for first in range(0, len(everyone), FIX_STORE_MAX):
            now, on_duty = self._clock(), self._roster.by_id
            some = [o for o in everyone[first : first + FIX_STORE_MAX] if o in on_duty]
            fresh = self._grid.fresh(some, now, self.age_s_max)
            known = [(o, fix) for o in fresh if (fix := self._grid.get(o)) is not None]
            if known:
                yield [(o, fix.point.lat, fix.point.lon, fix.accuracy_m, now - fix.seen_at) for o, fix in known]

    @property
    def known(self) -> int:
        """Officers whose place is held here, fresh or not."""
        return len(self._seen_at)

    # --- health
    def listening(self, connected: bool, *, loaded: bool = False) -> None:
        """The bus came or went. `loaded`: a complete and old enough index was read from it."""
        if not connected:
            self._listening_since, self._loaded = None, False
            return
        if self._listening_since is None:
            self._listening_since = self._clock()
        self._loaded = self._loaded or loaded

    def healthy(self) -> bool:
        """Does this process hear everybody, and for long enough to have heard everybody?"""
        if self._listening_since is None:
            return False
        return self._loaded or self._clock() - self._listening_since >= GENERATION_AGE_S_MIN

    # --- what is asked
    def where(self, officer: UUID) -> tuple[Point, float, float] | None:
        """Place, accuracy in metres and age in seconds of the last fix, if it is fresh."""
        fix = self._grid.get(officer)
        now = self._clock()
        if fix is None or now - fix.seen_at > self.age_s_max:
            return None
        return fix.point, fix.accuracy_m, now - fix.seen_at

    def _who_is_free(self) -> Callable[[UUID], bool]:
        """Who has a slot left, now. Whoever is busy must not keep a ring from looking further out."""
        held, known, everybody = self.held().get, self._roster.by_id.get, self._everybody

        def free(officer: UUID) -> bool:
            cases = held(officer)
            if not cases and not everybody:
                return True  # off duty nobody has a position
            own = known(officer)
            return own is not None and (0 if cases is None else len(cases)) < own.slots

        return free

    def nearest(self, lat: float, lon: float, radius_m: float, count: int, only_of: str | None = None) -> list[UUID]:
        found = self._grid.nearest(
            Point(lat, lon),
            radius_m,
            count,
            now=self._clock(),
            age_s_max=self.age_s_max,
            accuracy_m_max=FIX_ACCURACY_M_MAX,
            only=self._looked_at(only_of),
        )
        return [officer for officer, _ in found]

    def _looked_at(self, only_of: str | None) -> Callable[[UUID], bool] | None:
        """Who ranks at all; None: everybody."""
        free = self._who_is_free() if self.held() or self._everybody else None
        if only_of is None:
            return free
        known = self._roster.by_id
        return lambda o: (own := known.get(o)) is not None and own.station == only_of and (free is None or free(o))

    def of_beat(self, beat: str, lat: float, lon: float, radius_m: float, count: int) -> list[UUID]:
        now, free = self._clock(), self._who_is_free()
        placed = []
        for officer in self._roster.of_beat(beat):
            fix = self._grid.get(officer.officer)
            fresh = fix is not None and now - fix.seen_at <= self.age_s_max and fix.accuracy_m <= FIX_ACCURACY_M_MAX
            if fix is not None and fresh and free(officer.officer):
                placed.append((officer.officer, fix.point))
        return [officer for officer, _ in rank(placed, Point(lat, lon), radius_m, count)]

    def around(self, lat: float, lon: float, radius_m: float, count: int) -> list[UUID]:
        """As `nearest`, whatever they hold: a call for help is for everybody."""
        now = self._clock()
        found = self._grid.nearest(
            Point(lat, lon), radius_m, count, now=now, age_s_max=self.age_s_max, accuracy_m_max=FIX_ACCURACY_M_MAX
        )
        return [officer for officer, _ in found]

    def last_seen(self, officer: UUID, age_s_max: float) -> tuple[Point, float] | None:
        """Place and accuracy in metres of the last fix, also of one that is too old to rank."""
        fix = self._grid.get(officer)
        if fix is None or self._clock() - fix.seen_at > age_s_max:
            return None
        return fix.point, fix.accuracy_m

    def unlocated(self, station: str, count: int) -> list[UUID]:
        now, free = self._clock(), self._who_is_free()
        found: list[UUID] = []
        for officer in self._roster.of_station(station):
            if len(found) >= count:
                break
            fix = self._grid.get(officer.officer)
            unknown = fix is None or now - fix.seen_at > self.age_s_max or fix.accuracy_m > FIX_ACCURACY_M_MAX
            if unknown and free(officer.officer):
                found.append(officer.officer)
        return found

    def on_duty(self, station: str, count: int) -> list[UUID]:
        return [o.officer for o in self._roster.of_station(station)][:count]
