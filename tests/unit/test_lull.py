"""A batch in a crowd goes when nothing else goes on, and never later than promised: on a loop with its own clock."""

import asyncio
import gc
import weakref
from collections.abc import Sequence

from dispatch.batching import Batch
from dispatch.limits import BATCH_CROWD_S, BUSY_TURN_S, LULL_S_MAX, LULL_S_MIN
from dispatch.lull import Lull
from tests.simulation.virtual_time import run


class Turns:
    """A clock by which the turns of the loop are busy or not."""

    def __init__(self) -> None:
        self.busy, self.now = True, 0.0

    def __call__(self) -> float:
        self.now += 2 * BUSY_TURN_S if self.busy else BUSY_TURN_S / 2
        return self.now


def test_it_comes_in_a_moment_where_nothing_goes_on() -> None:
    async def play() -> None:
        came, loop = asyncio.Event(), asyncio.get_running_loop()
        Lull(loop.time).ask(came.set)
        await came.wait()
        assert LULL_S_MIN <= loop.time() < LULL_S_MIN + 1e-3

    run(play(), 1)


def test_not_while_the_loop_has_work() -> None:
    async def play() -> None:
        turns, came = Turns(), asyncio.Event()
        Lull(turns).ask(came.set)
        await asyncio.sleep(LULL_S_MIN)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not came.is_set()
        turns.busy = False
        for _ in range(4):
            await asyncio.sleep(0)
        assert came.is_set()

    run(play(), 1)


def test_not_while_a_call_runs_and_never_later_than_promised() -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        lull, came = Lull(loop.time), list[float]()
        lull.begun()
        lull.ask(lambda: came.append(loop.time()))
        await asyncio.sleep(LULL_S_MAX / 2)
        assert came == []
        lull.ended()
        await asyncio.sleep(LULL_S_MAX / 4)
        assert len(came) == 1, "the call has ended"
        lull.begun()
        began = loop.time()
        lull.ask(lambda: came.append(loop.time()))
        await asyncio.sleep(2 * LULL_S_MAX)
        assert len(came) == 2 and LULL_S_MAX <= came[1] - began < 1.5 * LULL_S_MAX, "a call that is held"
        lull.ended()
        await asyncio.sleep(LULL_S_MAX)
        assert len(came) == 2, "once"

    run(play(), 1)


def test_who_has_waited_is_not_kept_while_calls_never_cease() -> None:
    class Then:
        def __call__(self) -> None:
            pass

    async def play() -> None:
        lull, then = Lull(asyncio.get_running_loop().time), Then()
        kept = weakref.ref(then)
        lull.begun()
        lull.ask(then)
        del then
        await asyncio.sleep(LULL_S_MAX / 2)
        assert kept() is not None
        await asyncio.sleep(LULL_S_MAX)
        gc.collect()
        assert kept() is None

    run(play(), 1)


def test_two_batches_of_a_crowd_take_turns() -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        lull, calls = Lull(loop.time), list[tuple[str, int]]()

        def batch(name: str) -> Batch[int, int]:
            async def flush(items: Sequence[int]) -> Sequence[int]:
                calls.append((name, len(items)))
                await asyncio.sleep(LULL_S_MAX / 4)
                return items

            return Batch(flush, lull=lull)

        reports, claims = batch("reports"), batch("claims")
        await asyncio.gather(reports.put(0), claims.put(0))  # who comes alone does not wait for the other's call
        assert calls == [("reports", 1), ("claims", 1)]
        waiting = [reports.put(0)]
        await asyncio.sleep(LULL_S_MAX / 8)
        for _ in range(4):  # while the reports' call runs, over more than LULL_S_MIN
            waiting.append(claims.put(0))
            await asyncio.sleep(LULL_S_MIN / 2)
        await asyncio.gather(*waiting)
        assert calls[2:] == [("reports", 1), ("claims", 4)]
        await asyncio.sleep(2 * BATCH_CROWD_S)
        began = loop.time()
        await claims.put(0)
        assert loop.time() - began < LULL_S_MAX / 3, "no crowd any more"

    run(play(), 1)


def test_a_call_that_fails_has_ended() -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        lull = Lull(loop.time)

        async def flush(items: Sequence[int]) -> Sequence[int]:
            raise ValueError

        batch: Batch[int, int] = Batch(flush, lull=lull)
        for _ in range(3):
            await asyncio.wait([batch.put(0)])
        came = asyncio.Event()
        lull.ask(came.set)
        began = loop.time()
        await came.wait()
        assert loop.time() - began < LULL_S_MAX / 2

    run(play(), 1)
