"""Rings the phones of officers who were asked. Hears facts, asks the store whose turn it is, sends; waits for nobody.

One lane a push service: a queue of its own, bounded, and PUSH_SENDERS at work, so that a service that is slow or dead
keeps no other waiting. What is over is not sent; what was sent is told to be over.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from dispatch.cases.audience import OFFERING
from dispatch.cases.board import Board
from dispatch.cases.facts import Fact
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.values import Status
from dispatch.limits import (
    PUSH_LEFT_MS_MIN,
    PUSH_LOOK_S,
    PUSH_QUEUE_MAX,
    PUSH_RETRY_S,
    PUSH_SENDERS,
    PUSH_TRIES_MAX,
    PUSH_WANTED_MAX,
)
from dispatch.push.endpoints import SHOWN_ALWAYS, Services
from dispatch.push.ports import PushSender, PushStore
from dispatch.push.values import Kind, Outcome, Payload, Taken, Told, Wanted

log = logging.getLogger(__name__)

PRUNE_LOOKS = 30  # looks between two prunes: once a minute
encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Ring:
    """One push that waits for its turn. `ends_at`: by this process's monotonic clock; then it is worth nothing."""

    taken: Taken
    kind: Kind
    category: str
    ends_at: float
    tries: int = 0

    def payload(self, now: float) -> bytes:
        left_ms = max(0, int((self.ends_at - now) * 1000))
        told = Payload(kind=self.kind, case=self.taken.wanted.case, category=self.category, ends_in_ms=left_ms)
        return encode(told)


class Lane:
    """What waits for one push service."""

    def __init__(self) -> None:
        self.waiting: deque[Ring] = deque(maxlen=PUSH_QUEUE_MAX)
        self.came = asyncio.Semaphore(0)
        self.dropped = 0

    def put(self, ring: Ring) -> None:
        """Over the bound the oldest goes: its window ends first."""
        if len(self.waiting) == PUSH_QUEUE_MAX:
            self.dropped += 1
            self.waiting.append(ring)
        else:
            self.waiting.append(ring)
            self.came.release()


class Ringing:
    """One process's ringing. `board`: the open cases as this process knows them."""

    def __init__(
        self,
        store: PushStore,
        sender: PushSender,
        board: Callable[[], Board],
        services: Services,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._sender, self._board, self._services, self._clock = store, sender, board, services, clock
        self.ringable: frozenset[UUID] = frozenset()
        self._wanted: deque[Wanted] = deque(maxlen=PUSH_WANTED_MAX)  # what does not fit is found at the next look
        self._wake = asyncio.Event()
        self._lanes = {rule: Lane() for rule in (*services.hosts, *sorted(services.origins))}
        self._rung: dict[tuple[UUID, UUID], list[Ring]] = {}  # of officer and case: what was sent from here
        self._done: list[Taken] = []
        self._looks = 0

    # --- what happens
    def heard(self, fact: Fact) -> None:
        """A listener of the feed: notes what there is to do, and nothing else."""
        state = fact.state
        if state is None or fact.case is None:
            return
        for officer in fact.asked:
            for ring in self._rung.pop((officer, fact.case), ()):
                self._put(Ring(ring.taken, Kind.GONE, "", ring.ends_at))
        if fact.kind in OFFERING and state.status is Status.OFFERED:
            asked = [Wanted(fact.case, state.round, officer) for officer in fact.to if officer in self.ringable]
            if asked:
                self._wanted.extend(asked)
                self._wake.set()

    def is_open(self, wanted: Wanted) -> bool:
        """May that officer still answer, with time enough to unlock a phone?"""
        board = self._board()
        entry = board.cases.get(wanted.case)
        if entry is None or entry.state.round != wanted.round or not entry.open_to(wanted.officer):
            return False
        return entry.remaining_ms(self._clock()) >= PUSH_LEFT_MS_MIN

    # --- work
    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            for lane in self._lanes.values():
                for _ in range(PUSH_SENDERS):
                    group.create_task(self._send_from(lane))

    async def _look(self) -> None:
        look_at = 0.0
        while True:
            with contextlib.suppress(StoreAway, StoreBusy):
                if self._clock() >= look_at:
                    look_at = self._clock() + PUSH_LOOK_S
                    await self.look()
                await self.take()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, look_at - self._clock())):
                    await self._wake.wait()
            self._wake.clear()

    async def look(self) -> None:
        """Who may be rung now, and every open offer of theirs: also what a process that died has left, and what was
        asked before a phone was there to ring. Raises: StoreAway, StoreBusy."""
        self.ringable = await self._store.ringable()
        done, self._done = self._done, []
        if done:
            await self._store.sent(done)
        board = self._board()
        for officer in self.ringable:
            open_ = (Wanted(e.state.id, e.state.round, officer) for e in board.offers_of(officer))
            self._wanted.extend(one for one in open_ if (officer, one.case) not in self._rung)
        now = self._clock()
        self._rung = {key: rings for key, rings in self._rung.items() if any(ring.ends_at > now for ring in rings)}
        self._looks += 1
        if self._looks % PRUNE_LOOKS == 0:
            await self._store.prune()

    async def take(self) -> None:
        """Asks for what is wanted, and lines up what is ours. Raises: StoreAway, StoreBusy."""
        wanted = list(dict.fromkeys(one for one in self._wanted if self.is_open(one)))
        self._wanted.clear()
        if wanted:
            self._line_up(await self._store.take(wanted))

    def _line_up(self, taken: Iterable[Taken]) -> None:
        board, now = self._board(), self._clock()
        for one in taken:
            entry = board.cases.get(one.wanted.case)
            if entry is not None:
                ends_at = now + entry.remaining_ms(now) / 1000
                self._put(Ring(one, Kind.OFFER, entry.state.category, ends_at))

    def _put(self, ring: Ring) -> None:
        rule = self._services.of(ring.taken.subscription.endpoint)
        if rule is not None:  # else the list has become shorter since
            self._lanes[rule].put(ring)

    async def _send_from(self, lane: Lane) -> None:
        while True:
            await lane.came.acquire()
            ring = lane.waiting.popleft()
            try:
                await self.send(ring)
            except (StoreAway, StoreBusy) as error:
                log.warning("what became of a ring was not noted: %s", error)
            except Exception:  # one ring that nobody foresaw must not end the lane
                log.exception("a ring failed")

    async def send(self, ring: Ring) -> None:
        """One attempt, and what follows from its outcome. Raises: StoreAway, StoreBusy."""
        now = self._clock()
        if ring.ends_at <= now or (ring.kind is Kind.OFFER and not self.is_open(ring.taken.wanted)):
            return
        wanted, subscription = ring.taken
        ttl_s = max(1, round(ring.ends_at - now))
        ring.tries += 1
        told = await self._sender.send(subscription, ring.payload(now), ttl_s=ttl_s, topic=wanted.case.hex)
        if told.outcome is Outcome.DEAD:
            await self._store.drop(subscription.id)
        elif told.outcome is Outcome.LATER:
            self._again(ring, told)
        else:
            if told.outcome is Outcome.REFUSED:
                log.warning("%s refused a ring: %d", self._services.of(subscription.endpoint), told.status)
            self._noted(ring, told)

    def _noted(self, ring: Ring, told: Told) -> None:
        """An offer that reached its push service; where it was over by then, that is told as well."""
        if ring.kind is not Kind.OFFER:
            return
        self._done.append(ring.taken)
        wanted = ring.taken.wanted
        if told.outcome is Outcome.REFUSED or self._services.of(ring.taken.subscription.endpoint) in SHOWN_ALWAYS:
            return
        if self.is_open(wanted):
            self._rung.setdefault((wanted.officer, wanted.case), []).append(ring)
        else:
            self._put(Ring(ring.taken, Kind.GONE, "", ring.ends_at))

    def _again(self, ring: Ring, told: Told) -> None:
        wait_s = max(PUSH_RETRY_S * 2 ** (ring.tries - 1), told.retry_after_s or 0.0)
        if ring.tries < PUSH_TRIES_MAX and self._clock() + wait_s + PUSH_LEFT_MS_MIN / 1000 < ring.ends_at:
            asyncio.get_running_loop().call_later(wait_s, self._put, ring)
