"""The database's clock between two readings."""

import pytest

from dispatch.cases.ports import StoreAway
from dispatch.clock import StoreClock
from dispatch.limits import CLOCK_READING_S_MAX

NOON = 1_800_000_000.0


class Machine:
    """Seconds since some start, and a database that answers after `takes_s`."""

    def __init__(self) -> None:
        self.now_s, self.there_s, self.takes_s = 50.0, NOON, 0.0

    def monotonic(self) -> float:
        return self.now_s

    def passes(self, here_s: float, there_s: float) -> None:
        self.now_s += here_s
        self.there_s += there_s

    async def ask(self) -> float:
        self.passes(self.takes_s, self.takes_s)
        return self.there_s - self.takes_s / 2


async def test_it_tells_the_databases_time_whatever_the_process_counts_from() -> None:
    machine = Machine()
    clock = StoreClock(machine.monotonic)
    machine.takes_s = 0.4
    await clock.read(machine.ask)
    assert clock() == pytest.approx(machine.there_s)
    machine.passes(100.0, 100.0)
    assert clock() == pytest.approx(machine.there_s)


async def test_a_fast_process_is_set_right_by_every_reading() -> None:
    machine = Machine()
    clock = StoreClock(machine.monotonic)
    for _ in range(1_000):
        await clock.read(machine.ask)
        machine.passes(2.04, 2.0)
        assert abs(clock() - machine.there_s) < 0.05


async def test_a_slow_answer_does_not_spoil_what_is_known() -> None:
    machine = Machine()
    clock = StoreClock(machine.monotonic)
    machine.takes_s = CLOCK_READING_S_MAX * 4
    await clock.read(machine.ask)
    assert abs(clock() - machine.there_s) <= CLOCK_READING_S_MAX * 2, "better than nothing"
    machine.takes_s = 0.0
    await clock.read(machine.ask)
    known = clock() - machine.now_s
    machine.takes_s = CLOCK_READING_S_MAX * 2

    async def late() -> float:
        return await machine.ask() - 0.5

    await clock.read(late)
    assert clock() - machine.now_s == known


def test_before_the_first_reading_nothing_is_judged() -> None:
    with pytest.raises(StoreAway):
        StoreClock()()
