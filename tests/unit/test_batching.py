"""What arrives together is done together, and nobody waits for a call that is held: on a loop with its own clock."""

import asyncio
from collections.abc import Sequence

import pytest

from dispatch.batching import Batch, Overloaded
from dispatch.limits import BATCH_BESIDE_S, BATCH_CROWD_S, BATCH_GATHER_S, BATCH_QUEUE_MAX
from tests.simulation.virtual_time import run


class Calls:
    """Calls of a batch: each lasts as long as the greatest of its items says, in seconds."""

    def __init__(self, lanes: int = 1, most: int = 256) -> None:
        self.made: list[list[float]] = []
        self.batch: Batch[float, float] = Batch(self._flush, lanes=lanes, most=most)

    async def _flush(self, items: Sequence[float]) -> Sequence[float]:
        self.made.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("planted")
        await asyncio.sleep(max(items))
        return items


def test_who_comes_alone_does_not_wait() -> None:
    async def play() -> None:
        calls, loop = Calls(), asyncio.get_running_loop()
        began = loop.time()
        assert await calls.batch.submit(0.0) == 0.0
        assert loop.time() - began < BATCH_GATHER_S
        await asyncio.sleep(2 * BATCH_CROWD_S)
        began = loop.time()
        await calls.batch.submit(0.0)
        assert loop.time() - began < BATCH_GATHER_S

    run(play(), 1)


def test_in_a_crowd_the_next_call_gathers_for_a_moment() -> None:
    async def play() -> None:
        calls = Calls()
        await calls.batch.submit(0.0)
        first = calls.batch.put(0.0)
        await asyncio.sleep(BATCH_GATHER_S / 2)
        second = calls.batch.put(0.0)
        await asyncio.gather(first, second)
        assert [len(made) for made in calls.made] == [1, 2]

    run(play(), 1)


def test_what_came_while_a_call_ran_goes_into_the_next() -> None:
    async def play() -> None:
        calls = Calls()
        waiting = [calls.batch.put(0.01)]
        await asyncio.sleep(0.001)
        waiting += [calls.batch.put(0.0) for _ in range(5)]
        await asyncio.gather(*waiting)
        assert [len(made) for made in calls.made] == [1, 5]

    run(play(), 1)


def test_a_call_that_is_held_keeps_nobody_waiting_who_comes_later() -> None:
    async def play() -> None:
        calls, loop = Calls(lanes=3), asyncio.get_running_loop()
        held = [calls.batch.put(10.0)]
        for turn in range(2):
            await asyncio.sleep(0.1)
            began = loop.time()
            if turn == 0:
                held.append(calls.batch.put(10.0))
                await asyncio.sleep(2 * BATCH_BESIDE_S)
            else:
                assert await calls.batch.submit(0.0) == 0.0
                assert loop.time() - began < 2 * BATCH_BESIDE_S
        assert len(calls.made) == 3
        late = [calls.batch.put(0.2) for _ in range(2)]
        await asyncio.sleep(0.05)
        last = calls.batch.put(0.0)  # every lane is busy now: with the first that is free
        assert await last == 0.0 and not held[0].done()
        await asyncio.gather(*held, *late)

    run(play(), 1)


def test_more_than_one_call_may_hold_goes_in_several_and_in_order() -> None:
    async def play() -> None:
        calls = Calls(most=4)
        answers = await asyncio.gather(*(calls.batch.submit(float(n) / 1e6) for n in range(10)))
        assert answers == [n / 1e6 for n in range(10)]
        assert [len(made) for made in calls.made] == [4, 4, 2]

    run(play(), 1)


def test_a_call_that_fails_fails_its_own_items_only() -> None:
    async def play() -> None:
        calls = Calls()
        bad = calls.batch.put(-1.0)
        await asyncio.wait([bad])
        with pytest.raises(ValueError, match="planted"):
            bad.result()
        assert await calls.batch.submit(0.0) == 0.0

    run(play(), 1)


def test_more_than_may_wait_is_refused() -> None:
    async def play() -> None:
        calls = Calls()
        waiting = [calls.batch.put(0.0) for _ in range(BATCH_QUEUE_MAX)]
        with pytest.raises(Overloaded):
            calls.batch.put(0.0)
        await asyncio.gather(*waiting)

    run(play(), 1)
