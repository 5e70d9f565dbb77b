"""A pause of the event loop is noted, told for a minute, and forgotten."""

import asyncio
import time

from gateway.pauses import REMEMBERED_S, Pauses


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_longest_pause_of_the_last_minute_is_told_and_then_forgotten() -> None:
    clock = Clock()
    pauses = Pauses(clock)
    assert pauses.longest_ms() == 0.0
    for late_s in (0.002, 0.0805, 0.004, -0.001):
        pauses.late(late_s)
    clock.now += 30
    pauses.late(0.01)
    assert pauses.longest_ms() == 80.5
    clock.now += REMEMBERED_S - 30
    assert pauses.longest_ms() == 10.0
    clock.now += 31
    assert pauses.longest_ms() == 0.0


def test_memory_is_bounded_by_the_seconds_that_are_told() -> None:
    clock = Clock()
    pauses = Pauses(clock)
    for _ in range(5 * REMEMBERED_S):
        clock.now += 0.5
        pauses.late(0.001)
    assert len(pauses._worst) <= REMEMBERED_S


def test_a_measurement_takes_what_came_since_the_last_one() -> None:
    pauses = Pauses(Clock())
    pauses.late(0.07)
    assert (pauses.take_ms(), pauses.take_ms()) == (70.0, 0.0)
    pauses.late(0.003)
    assert pauses.take_ms() == 3.0


async def test_a_loop_that_is_held_for_a_moment_is_seen() -> None:
    pauses = Pauses()
    listening = asyncio.create_task(pauses.run())
    await asyncio.sleep(0.03)
    pauses.take_ms()
    time.sleep(0.08)  # noqa: ASYNC251 - this is the pause
    await asyncio.sleep(0.03)
    listening.cancel()
    assert pauses.take_ms() >= 60.0
