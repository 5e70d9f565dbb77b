"""The watch over officers on the way: compares seats with positions, and lets steps follow whose time is up.

Runs in every sweeper. Each has its own memory of the ways; the step of each seat is a row, so it matters little which
sweeper noticed, and a death costs only what had not been noticed yet.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.modes import opening_wave
from dispatch.cases.ports import StoreBusy
from dispatch.cases.values import Status
from dispatch.limits import FIX_ACCURACY_M_MAX, WATCH_LOOK_S
from dispatch.streams.sweeping import Teller
from dispatch.watch.ports import Sighted, WatchDraft, WatchedSeat, WatchStore
from dispatch.watch.progress import Way, patience_of
from dispatch.watch.steps import BY_DESK, ON_THE_WAY, Step
from geo.distance import metres_fast
from geo.point import Point

log = logging.getLogger(__name__)

Key = tuple[UUID, UUID, int]


class Watching:
    """One process's watch."""

    def __init__(
        self,
        store: WatchStore,
        teller: Teller,
        near: Sighted,
        catalogue: Catalogue,
        clock: Callable[[], float] = time.monotonic,
        *,
        before_rounds: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`before_rounds`: makes `near` know who is on duty and free, when somebody is about to be asked."""
        self._before_rounds = before_rounds
        self._store, self._teller, self._near, self.catalogue, self._clock = store, teller, near, catalogue, clock
        self._ways: dict[Key, Way] = {}
        self._looked_at: float | None = None

    async def turn(self) -> int:
        """Fires what is due; every WATCH_LOOK_S it also looks where everyone is. How many seats it moved.

        Raises: StoreAway, StoreBusy.
        """
        moved = 0
        for seat in await self._store.due():
            moved += await self._step(await self._due(seat))
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= WATCH_LOOK_S:
            self._looked_at = now
            moved += await self._look(now)
        return moved

    async def _look(self, now: float) -> int:
        """A process that cannot hear the phones knows nothing of them, and says nothing."""
        if not self._near.healthy():
            self._ways.clear()
            return 0
        seats = await self._store.watched()
        known, self._ways = self._ways, {}
        drafts = []
        for seat in seats:
            key = seat.case, seat.officer, seat.fence
            way = self._ways[key] = known.get(key) or Way(now)
            draft = self._judged(seat, way, now)
            if draft is not None:
                drafts.append(draft)
        return sum([await self._step(draft) for draft in drafts])

    def _judged(self, seat: WatchedSeat, way: Way, now: float) -> WatchDraft | None:
        where = self._near.where(seat.officer)
        if where is not None and where[1] <= FIX_ACCURACY_M_MAX:
            way.saw(now - where[2], metres_fast(where[0], Point(seat.lat, seat.lon)))
        if seat.step is not None:
            may = seat.why != BY_DESK and seat.step != Step.MISSED and way.eased(now, seat.why or "")
            return self._draft(seat, "ease") if may else None
        way.raised()
        category = self.catalogue.categories.get(seat.category)
        sign = way.sign(now, patience_of(category.patience_ms if category else None))
        return None if sign is None else self._draft(seat, "raise", sign)

    async def _due(self, seat: WatchedSeat) -> WatchDraft:
        """With whom to ask next, where the officer's time to answer is up."""
        draft = self._draft(seat, "due")
        if seat.step == Step.ASKED and Status(seat.status) in ON_THE_WAY:
            if self._before_rounds is not None:
                await self._before_rounds()
            place = Point(seat.lat, seat.lon)
            plan = self.catalogue.opening_plan(seat.category, seat.station, place, lambda: seat.received_us / 1e6)
            never = frozenset({seat.officer})
            wave = opening_wave(self._near, plan, seat.lat, seat.lon, seat.station, except_for=never)
            draft.candidates, draft.wave = wave.candidates, wave.number
            draft.ring_m, draft.last_wave = wave.ring_m, wave.last
            draft.asks, draft.pause_ms = wave.asks, wave.pause_ms
        return draft

    @staticmethod
    def _draft(seat: WatchedSeat, what: str, why: str | None = None) -> WatchDraft:
        return WatchDraft(case=seat.case, officer=seat.officer, fence=seat.fence, what=what, why=why)

    async def _step(self, draft: WatchDraft) -> int:
        """A held row is met again in the next turn; nobody else waits for it."""
        try:
            answers = await self._store.watch(draft)
        except StoreBusy as error:
            log.warning("the watch over case %s waits: %s", draft.case, error)
            return 0
        self._teller.committed(answers)
        return len(answers)
