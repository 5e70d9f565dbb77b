"""The way from a simulated process to the one database: slow, lossy, busy or away, as the weather says.

A request that has been sent is judged whether or not its sender still lives; a reply may be lost after the commit.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from dispatch.adapters.memory.store import MemoryCases, MemoryCursors
from dispatch.cases.facts import Answer, CaseState, Fact, TalkState
from dispatch.cases.ports import (
    ActDraft,
    ClaimDraft,
    DueWave,
    Heads,
    HistoryEntry,
    Likely,
    ReportDraft,
    StoreAway,
    StoreBusy,
    WideDraft,
)
from dispatch.positions.roster import OnDuty
from tests.simulation.virtual_time import VirtualLoop

T = TypeVar("T")


@dataclass(slots=True)
class Weather:
    """Between processes and the database. Probabilities a call; `slow_s`: the longest way, one direction."""

    away: bool = False
    lose_request: float = 0.0
    lose_reply: float = 0.0
    busy: float = 0.0
    slow: float = 0.0
    slow_s: float = 0.2
    hang_s: float = 5.0  # what a caller waits for a black hole (CALL_S_MAX)


def at_once(call: Coroutine[Any, Any, T]) -> T:
    """The result of a call that never waits."""
    try:
        call.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a call of the store in memory never waits")


class SimStore:
    """`CaseStore` and `Cursors` of one process. `committed` is called after every change, at its moment."""

    def __init__(
        self,
        loop: VirtualLoop,
        weather: Weather,
        cases: MemoryCases,
        committed: Callable[[], None],
    ) -> None:
        self._loop, self._weather, self._cases, self._committed = loop, weather, cases, committed
        self._cursors = MemoryCursors(cases.records)
        self._under_way: set[asyncio.Future[Any]] = set()
        self._dead = False
        self.frozen_until_s = 0.0  # a stopped process neither sends nor hears; what it had sent is judged

    def die(self) -> None:
        """The process is gone: nothing is sent or heard any more; what is under way arrives."""
        self._dead = True
        for waiting in sorted(self._under_way, key=hash):
            waiting.cancel()

    async def _wait(self, seconds: float) -> None:
        done = self._loop.create_future()
        self._loop.call_later(seconds, _wake, done, None)
        await self._until(done)

    async def _thaw(self) -> None:
        while self._loop.time() < self.frozen_until_s:
            await self._wait(self.frozen_until_s - self._loop.time())

    async def _until(self, done: "asyncio.Future[T]") -> T:
        self._under_way.add(done)
        try:
            return await done
        finally:
            self._under_way.discard(done)

    async def _ask(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._dead:
            raise asyncio.CancelledError
        await self._thaw()
        weather, dice = self._weather, self._loop.dice
        if weather.away:
            await self._wait(dice.uniform(0.001, 0.05))
            raise StoreAway("refused")
        fate = dice.random()
        if fate < weather.lose_request:
            await self._wait(dice.choice((0.01, 0.5, weather.hang_s)))
            raise StoreAway("the request was lost")
        if fate < weather.lose_request + weather.busy:
            await self._wait(dice.choice((0.01, 1.0)))
            raise StoreBusy("a row is held")
        result = await self._judged(call, weather.slow > 0 and dice.random() < weather.slow)
        await self._thaw()
        if weather.lose_reply and dice.random() < weather.lose_reply:
            await self._wait(dice.choice((0.01, 0.5, weather.hang_s)))
            raise StoreAway("the reply was lost")
        return result

    async def _judged(self, call: Callable[[], Coroutine[Any, Any, T]], slow: bool) -> T:
        if not slow:
            result = at_once(call())
            self._committed()
            return result
        arrived: asyncio.Future[T] = self._loop.create_future()
        dice, most = self._loop.dice, self._weather.slow_s
        self._loop.call_later(dice.uniform(0, most), self._arrive, call, arrived, dice.uniform(0, most))
        return await self._until(arrived)

    def _arrive(self, call: Callable[[], Coroutine[Any, Any, T]], told: "asyncio.Future[T]", back_s: float) -> None:
        """Judged now, whatever became of the caller; the reply has its own way back."""
        if self._weather.away:
            if not told.done():
                told.set_exception(StoreAway("the connection broke"))
            return
        result = at_once(call())
        self._committed()
        self._loop.call_later(back_s, _wake, told, result)

    # --- dispatch.cases.ports.CaseStore
    async def report(self, drafts: Sequence[ReportDraft]) -> list[Answer]:
        return await self._singly(drafts, self._cases.report)

    async def claim(self, drafts: Sequence[ClaimDraft]) -> list[Answer]:
        return await self._singly(drafts, self._cases.claim)

    async def _singly(
        self, drafts: Sequence[Any], judge: Callable[[Sequence[Any]], Coroutine[Any, Any, list[Answer]]]
    ) -> list[Answer]:
        """As the real store: a held row spoils only its own draft, the rest is asked one by one."""
        try:
            return await self._ask(lambda: judge(drafts))
        except StoreBusy:
            if len(drafts) == 1:
                return [Answer(ok=False, reason="busy", response={})]
            return [(await self._singly([draft], judge))[0] for draft in drafts]

    async def act(self, draft: ActDraft) -> Answer:
        return await self._ask(lambda: self._cases.act(draft))

    async def pull(self, draft: ActDraft) -> list[Answer]:
        return await self._ask(lambda: self._cases.pull(draft))

    async def widen(self, drafts: Sequence[WideDraft]) -> list[Answer]:
        return await self._ask(lambda: self._cases.widen(drafts))

    async def set_duty(self, officer: UUID, on: bool, key: str, hash_: str, shift_min: int | None = None) -> Answer:
        return await self._ask(lambda: self._cases.set_duty(officer, on, key, hash_, shift_min))

    async def set_desk_shift(self, account: UUID, station: str, on: bool, key: str, hash_: str) -> Answer:
        return await self._ask(lambda: self._cases.set_desk_shift(account, station, on, key, hash_))

    async def due_stations(self) -> list[str]:
        return await self._ask(self._cases.due_stations)

    async def fire(self, station: str, *kinds: str) -> list[Answer]:
        return await self._ask(lambda: self._cases.fire(station, *kinds))

    async def due_waves(self) -> list[DueWave]:
        return await self._ask(self._cases.due_waves)

    async def by_key(self, scope: str, key: str) -> dict[str, Any] | None:
        return await self._ask(lambda: self._cases.by_key(scope, key))

    async def heads(self) -> Heads:
        return await self._ask(self._cases.heads)

    async def read_stream(self, stream: str, after: int, count: int) -> list[Fact]:
        return await self._ask(lambda: self._cases.read_stream(stream, after, count))

    async def open_cases(self) -> list[tuple[CaseState, frozenset[UUID]]]:
        return await self._ask(self._cases.open_cases)

    async def case(self, case: UUID) -> CaseState | None:
        return await self._ask(lambda: self._cases.case(case))

    async def talks(self, cases: Sequence[UUID]) -> list[TalkState]:
        return await self._ask(lambda: self._cases.talks(cases))

    async def talk(self, case: UUID, before: int | None, count: int) -> TalkState:
        return await self._ask(lambda: self._cases.talk(case, before, count))

    async def history(self, case: UUID) -> list[HistoryEntry]:
        return await self._ask(lambda: self._cases.history(case))

    async def duplicates(self, case: UUID) -> list[Likely]:
        return await self._ask(lambda: self._cases.duplicates(case))

    async def roster(self) -> list[OnDuty]:
        return await self._ask(self._cases.roster)

    async def free_roster(self) -> list[OnDuty]:
        return await self._ask(self._cases.free_roster)

    # --- dispatch.streams.relaying.Cursors
    async def load(self) -> dict[str, int]:
        return await self._ask(self._cursors.load)

    async def save(self, cursors: Mapping[str, int]) -> None:
        standing = dict(cursors)
        await self._ask(lambda: self._cursors.save(standing))


def _wake(done: "asyncio.Future[T]", result: T) -> None:
    if not done.done():
        done.set_result(result)
