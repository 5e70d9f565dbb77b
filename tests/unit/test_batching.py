"""What arrives together is done together, and nobody waits for a call that is held: on a loop with its own clock."""

import asyncio
from collections.abc import Sequence

import pytest

from dispatch.batching import Batch, Overloaded
from dispatch.limits import BATCH_BESIDE_S, BATCH_CROWD_S, BATCH_FEW, BATCH_ITEMS_MAX, BATCH_QUEUE_MAX
from dispatch.pace import Pace
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
        assert loop.time() - began < 1e-3
        await asyncio.sleep(2 * BATCH_CROWD_S)
        began = loop.time()
        await calls.batch.submit(0.0)
        assert loop.time() - began < 1e-3

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


class Slow:
    """A database that takes `each_s` for an item, and gives a call up after `limit_s`."""

    def __init__(self, each_s: float, limit_s: float = 3.0) -> None:
        self.each_s, self.limit_s, self.calls = each_s, limit_s, list[float]()
        self.batch: Batch[int, int] = Batch(self._flush, pace=Pace(0.2, 1.0))

    async def _flush(self, items: Sequence[int]) -> Sequence[int]:
        took_s = len(items) * self.each_s
        self.calls.append(took_s)
        await asyncio.sleep(min(took_s, self.limit_s))
        if took_s > self.limit_s:
            raise TimeoutError
        return items

    async def flood(self, seconds: float, every_s: float) -> tuple[list[float], int, int]:
        """What those who were answered waited; how many were refused, how many failed."""
        loop, waited, refused, failed = asyncio.get_running_loop(), list[float](), 0, 0

        async def one(began: float) -> None:
            nonlocal refused, failed
            try:
                await self.batch.submit(0)
                waited.append(loop.time() - began)
            except Overloaded:
                refused += 1
            except TimeoutError:
                failed += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(int(seconds / every_s)):
                group.create_task(one(loop.time()))
                await asyncio.sleep(every_s)
        return waited, refused, failed


@pytest.mark.parametrize("each_s", [0.005, 0.0099, 0.0125, 0.02, 0.05])
def test_ten_times_too_much_is_refused_at_once_and_what_can_be_done_is_done(each_s: float) -> None:
    async def play() -> None:
        slow = Slow(each_s)
        waited, refused, failed = await slow.flood(seconds=30.0, every_s=each_s / 10)
        assert failed <= BATCH_ITEMS_MAX, "the first great call, before anything was learnt"
        assert len(waited) >= 0.8 * 30 / each_s and refused > 200 / each_s
        call_s = max(0.2, BATCH_FEW * each_s)
        assert max(waited) <= 3.0 + 1.0 + 2 * 0.2, "the call that taught it, then as promised"
        assert sorted(waited)[len(waited) // 2] <= 1.0 + 2 * call_s + 1e-9
        assert max(slow.calls[len(slow.calls) // 2 :]) <= call_s + 1e-9

    run(play(), 1)


def test_a_database_that_is_quick_again_is_asked_for_many_again_and_refuses_nobody() -> None:
    async def play() -> None:
        slow = Slow(each_s=0.02)
        await slow.flood(seconds=10.0, every_s=0.002)
        slow.each_s = 0.0002
        _, refused, _ = await slow.flood(seconds=1.0, every_s=0.001)
        _, later, failed = await slow.flood(seconds=10.0, every_s=0.0003)
        assert refused <= 100 and (later, failed) == (0, 0)

    run(play(), 1)


def test_a_burst_on_a_quick_database_refuses_nobody() -> None:
    async def play() -> None:
        slow = Slow(each_s=0.0004)
        await slow.batch.submit(0)
        await asyncio.gather(*(slow.batch.submit(0) for _ in range(2_000)))
        assert max(slow.calls) <= BATCH_ITEMS_MAX * 0.0004 + 1e-9

    run(play(), 1)


def test_few_are_never_refused_however_slow_a_call_was() -> None:
    pace = Pace(0.2, 1.0)
    pace.took(1, 60.0)
    assert pace.most == BATCH_FEW and not pace.too_many(BATCH_FEW - 1, 0.0) and pace.too_many(BATCH_FEW, 0.0)
    pace.took(1, 0.001)
    assert not pace.too_many(10_000, 0.0)


def test_a_call_that_lasts_too_long_tells_so_before_its_end() -> None:
    pace = Pace(0.2, 1.0)
    pace.began(10, now=5.0)
    assert not pace.too_many(10_000, 5.1) and not pace.too_many(24, 5.4) and pace.too_many(26, 5.4)
    pace.took(10, 0.001)
    assert not pace.too_many(9_000, 9.0)
