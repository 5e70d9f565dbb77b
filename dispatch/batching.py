"""What arrives together is done together: one call for all that gathered while the last one ran."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from dispatch.limits import BATCH_BESIDE_S, BATCH_CROWD_S, BATCH_ITEMS_MAX, BATCH_QUEUE_MAX
from dispatch.lull import Lull
from dispatch.pace import Pace

Item = TypeVar("Item")
Answered = TypeVar("Answered")


class Overloaded(Exception):
    """More is waiting than may wait; nothing was begun. The caller may come back."""

    retry_after_s = 1


class Batch(Generic[Item, Answered]):
    """Gathers items for `flush`, which answers each in order, or says with an exception why there is no answer.

    At most `lanes` calls run at once, and a second one begins only where the items of the next have waited
    BATCH_BESIDE_S: half a batch costs as much as a whole. A call that fails as a whole fails each of its items with the
    same exception. In a crowd, where calls begin within BATCH_CROWD_S of each other, the next one waits for a `lull`.
    With a `pace`, calls are kept short where the database is slow, and who would wait too long is refused at once.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item]], Awaitable[Sequence[Answered | Exception]]],
        *,
        lanes: int = 1,
        most: int = BATCH_ITEMS_MAX,
        pace: Pace | None = None,
        lull: Lull | None = None,
    ) -> None:
        self._flush, self._lanes, self._free, self._most, self._pace = flush, lanes, lanes, most, pace
        self._lull = lull
        self._since = 0.0  # when the first of those who wait came
        self._started_at = -1e9
        self._waiting: list[tuple[Item, asyncio.Future[Answered]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Answered:
        """The answer to `item`. Raises: Overloaded; whatever `flush` raised."""
        return await self.put(item)

    def put(self, item: Item) -> "asyncio.Future[Answered]":
        """The answer to come: as `submit`, for callers that need no task of their own. Raises: Overloaded."""
        waiting, loop = len(self._waiting), asyncio.get_running_loop()
        if waiting >= BATCH_QUEUE_MAX or (self._pace is not None and self._pace.too_many(waiting, loop.time())):
            raise Overloaded
        future: asyncio.Future[Answered] = loop.create_future()
        self._waiting.append((item, future))
        if len(self._waiting) == 1:
            self._since = loop.time()
            if self._free == self._lanes:
                self._start_soon(loop)
            elif self._free:
                loop.call_later(BATCH_BESIDE_S, self._start_beside, self._since)
        return future

    def _start_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Who comes alone goes after this turn of the loop, with neighbours that are ready. In a crowd more of them
        come along while the loop has other work."""
        if self._lull is None or loop.time() - self._started_at > BATCH_CROWD_S:
            loop.call_soon(self._start)
        else:
            self._lull.ask(self._start)

    def _start_beside(self, since: float) -> None:
        """Something holds the call that runs; those who came meanwhile go on without it."""
        if since == self._since and self._waiting and self._free:
            self._take()

    def _start(self) -> None:
        if self._free == self._lanes:
            while self._free and self._waiting:  # more than one call may hold
                self._take()

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        most = self._most if self._pace is None else min(self._most, self._pace.most)
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        self._free -= 1
        self._started_at = loop.time()
        task = loop.create_task(self._run(taken))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, taken: list[tuple[Item, asyncio.Future[Answered]]]) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        if self._pace is not None:
            self._pace.began(len(taken), began)
        if self._lull is not None:
            self._lull.begun()
        try:
            answers = await self._flush([item for item, _ in taken])
            assert len(answers) == len(taken), "a batch answers each of its items"
            for (_, future), answer in zip(taken, answers, strict=True):
                if future.done():  # the caller may have gone
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        except BaseException as error:
            for _, future in taken:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
        finally:
            if self._lull is not None:
                self._lull.ended()
            if self._pace is not None:
                self._pace.took(len(taken), clock() - began)
            self._free += 1
            if self._waiting and self._free == self._lanes:
                self._start_soon(asyncio.get_running_loop())
            elif self._waiting:  # something holds another call: nobody waits for it
                self._take()
