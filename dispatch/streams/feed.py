"""How facts reach a process: its own commits at once, others' by the bus, holes and silence by the database.

Order of a start (the reverse loses facts): listen, read the heads, read the snapshot, continue from the heads.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from dispatch.cases.board import Board
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.ports import Bus, CaseStore, StoreAway, StoreBusy
from dispatch.limits import HEADS_POLL_S, REORDER_S_MAX
from dispatch.streams.envelope import EnvelopeError, pack, unpack
from dispatch.streams.memory import StreamMemory

log = logging.getLogger(__name__)

READ_FACTS_MAX = 1_000
CROWD_FACTS = 8  # four reports: from here on some officer is often told two things at once

Listener = Callable[[Fact], None]


class Feed:
    """Every fact once, in the order of its stream, to the board and then to each listener."""

    def __init__(self, store: CaseStore, bus: Bus, origin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._bus, self._origin, self._clock = store, bus, origin, clock
        self.board = Board(clock)
        self.streams: dict[str, StreamMemory] = {}
        self.epoch = ""
        self.listeners: list[Listener] = []
        self.alongside: list[
            Callable[[], Awaitable[None]]
        ] = []  # what else facts keep up to date, loaded with the board
        self.on_new_epoch: Callable[[], None] = lambda: None
        self.heard_database_at = 0.0
        self.crowded = False  # more facts of the same commits follow at once: listeners may gather what they tell
        self._hurry = asyncio.Event()
        self._early: list[Fact] | None = []

    def now(self) -> float:
        """This process's monotonic seconds, as the board counts them."""
        return self._clock()

    async def start(self) -> None:
        """Loads the board and what stands alongside; facts heard meanwhile follow. The bus must be subscribed before.

        Where it fails nothing has changed, and it may be called again. Raises: StoreAway, StoreBusy.
        """
        if self._early is None:
            self._early = []
        heads = await self._store.heads()
        board = Board(self._clock)
        standing = await self._store.open_cases()
        board.load(standing)
        board.threads.load(await self._store.talks([state.id for state, _ in standing]))
        for load in self.alongside:
            await load()
        self.board, self.epoch = board, heads.epoch
        self.streams = {stream: StreamMemory(stream, offset) for stream, offset in heads.offsets.items()}
        self.heard_database_at = self._clock()
        early, self._early = self._early or [], None
        self.take(early)

    def committed(self, answers: Iterable[Answer]) -> None:
        """Facts that this process has just seen committed: applied here, published once for all others."""
        facts = tuple(fact for answer in answers for fact in answer.facts)
        if facts:
            self.take(facts)
            self._bus.post(pack(self._origin, facts))

    def heard(self, payload: bytes) -> None:
        """One publication of the bus. What cannot be read is dropped: the database has it."""
        try:
            envelope = unpack(payload)
        except EnvelopeError:
            log.warning("a publication of %d bytes was not an envelope", len(payload))
            return
        if envelope.origin != self._origin:
            self.take(envelope.facts)

    def take(self, facts: Sequence[Fact]) -> None:
        """Facts in any order, any number of times."""
        if self._early is not None:
            self._early.extend(facts)
            return
        now, streams = self._clock(), self.streams
        self.crowded = len(facts) >= CROWD_FACTS
        for fact in facts:
            memory = streams.get(fact.stream)
            if memory is None:
                memory = streams[fact.stream] = StreamMemory(fact.stream, 0)
            if memory.accept(fact, now):
                self._drain(memory, now)
            elif fact.offset > memory.head:
                self._hurry.set()
        self.crowded = False

    def _drain(self, memory: StreamMemory, now: float) -> None:
        while (fact := memory.pop()) is not None:
            fact = self.board.apply(fact)
            memory.keep(fact, now)
            for listener in self.listeners:
                listener(fact)

    async def run(self) -> None:
        """Asks the database for the heads and fills holes, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEADS_POLL_S):
                    await self._hurry.wait()
            hurried = self._hurry.is_set()
            self._hurry.clear()
            try:
                if hurried:
                    await asyncio.sleep(REORDER_S_MAX)
                if not hurried or self._clock() - self.heard_database_at >= HEADS_POLL_S:
                    await self.poll()  # however often facts come out of turn
                await self.mend()
            except (StoreAway, StoreBusy) as error:
                log.warning("the streams' heads could not be read: %s", error)

    async def poll(self) -> None:
        """Compares the heads with what is known here."""
        heads = await self._store.heads()
        self.heard_database_at = now = self._clock()
        if heads.epoch != self.epoch:
            await self._begin_again()
            return
        for stream, offset in heads.offsets.items():
            memory = self.streams.setdefault(stream, StreamMemory(stream, 0))
            memory.heard_head(offset, now)

    async def mend(self) -> None:
        """Reads what is missing for longer than reordering explains."""
        for memory in list(self.streams.values()):
            while memory.hole(self._clock()):
                before = memory.head
                self.take(await self._store.read_stream(memory.stream, memory.head, READ_FACTS_MAX))
                if memory.head == before:
                    break

    async def _begin_again(self) -> None:
        """The database was restored: nothing that was known holds."""
        await self.start()
        self.on_new_epoch()
