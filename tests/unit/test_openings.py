"""Few connections are new at once, however many calls ask: on a loop with its own clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from dispatch.adapters.postgres.openings import Openings
from dispatch.limits import OPENING_S_MAX, OPENINGS_MAX
from tests.simulation.virtual_time import run

CONNECT_S = 0.05
CALLS = 20


@dataclass(slots=True)
class Counts:
    """A pool of eight as its calls see it: a call takes a free connection, or has one made."""

    openings: Openings = field(default_factory=Openings)
    free: int = 0
    made: int = 0
    making: int = 0
    making_most: int = 0

    def get_idle_size(self) -> int:
        return self.free

    def get_size(self) -> int:
        return self.made

    def get_max_size(self) -> int:
        return 8

    async def call(self, seconds: float) -> None:
        async with self.openings.passed(self):
            if self.free:
                self.free -= 1
            else:
                await self._make()
            await asyncio.sleep(seconds)
            self.free += 1

    async def _make(self) -> None:
        self.making += 1
        self.making_most = max(self.making, self.making_most)
        await asyncio.sleep(CONNECT_S)
        self.making -= 1
        self.made += 1


async def crowd(pool: Counts, seconds: Callable[[int], float]) -> None:
    await asyncio.gather(*(pool.call(seconds(number)) for number in range(CALLS)))


def test_of_many_calls_at_once_few_have_a_connection_made_and_the_first_ones_serve_the_others() -> None:
    pool = Counts()
    run(crowd(pool, lambda number: 0.001), 1)
    assert pool.making_most == OPENINGS_MAX
    assert pool.made <= 2 * OPENINGS_MAX, "whoever waits takes one that has become free"
    assert pool.free == pool.made


def test_calls_that_wait_for_a_row_keep_nobody_from_a_connection_for_long() -> None:
    async def play() -> float:
        pool, loop = Counts(), asyncio.get_running_loop()
        held = [asyncio.create_task(pool.call(60.0)) for _ in range(OPENINGS_MAX)]
        await asyncio.sleep(0.001)
        await pool.call(0.0)
        for task in held:
            task.cancel()
        return loop.time()

    assert abs(run(play(), 1) - OPENING_S_MAX - CONNECT_S) < 1e-6


def test_a_free_connection_and_a_full_pool_let_pass_at_once() -> None:
    async def play() -> float:
        pool, loop = Counts(), asyncio.get_running_loop()
        making = [asyncio.create_task(pool.call(60.0)) for _ in range(OPENINGS_MAX)]
        await asyncio.sleep(0.001)
        began, pool.free = loop.time(), 1
        await pool.call(0.0)
        pool.free, pool.made = 0, 8
        async with pool.openings.passed(pool):
            passed = loop.time()
        for task in making:
            task.cancel()
        return passed - began

    assert run(play(), 1) == 0.0


def test_a_caller_that_gives_up_leaves_its_place() -> None:
    async def play() -> None:
        pool = Counts()
        making = [asyncio.create_task(pool.call(60.0)) for _ in range(OPENINGS_MAX)]
        waiting = asyncio.create_task(pool.call(0.0))
        await asyncio.sleep(0.001)
        for task in (*making, waiting):
            task.cancel()
        await asyncio.gather(*making, waiting, return_exceptions=True)
        began = asyncio.get_running_loop().time()
        await pool.call(0.0)
        assert abs(asyncio.get_running_loop().time() - began - CONNECT_S) < 1e-6

    run(play(), 1)
