"""The ground of the simulation: time costs nothing, one seed is one history, nothing comes from outside."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulation.bus import ROUGH, Bus, BusFaults, swizzle
from tests.simulation.virtual_time import (
    DeadlockError,
    LivelockError,
    Outcome,
    RealWorldError,
    UnhandledError,
    current,
    run,
    simulate,
)

ROOT = Path(__file__).parents[2]


async def chatter(faults: BusFaults = ROUGH, messages: int = 20) -> list[str]:
    """Three nodes that send to all others in their own time; returns what arrived, in order."""
    loop = current()
    bus: Bus[str] = Bus(faults)
    heard: list[str] = []

    async def listen(node: str, inbox: asyncio.Queue[str]) -> None:
        while True:
            heard.append(f"{node} {await inbox.get()}")

    async def talk(node: str) -> None:
        for number in range(messages):
            await asyncio.sleep(loop.dice.random())
            bus.publish(node, f"{node}{number}")

    async with asyncio.TaskGroup() as ears:
        listeners = [ears.create_task(listen(node, bus.join(node))) for node in "abc"]
        async with asyncio.TaskGroup() as mouths:
            for node in "abc":
                mouths.create_task(talk(node))
            mouths.create_task(swizzle(bus, "abc", 5))
        bus.heal()
        await asyncio.sleep(10)
        for listener in listeners:
            listener.cancel()
    return heard


def test_an_hour_of_sleep_costs_no_real_time() -> None:
    async def program() -> float:
        await asyncio.sleep(3600)
        return current().time()

    began = time.monotonic()
    assert run(program(), 1) == 3600
    assert time.monotonic() - began < 0.5


def test_utc_moves_with_virtual_time_and_is_aware() -> None:
    async def program() -> float:
        before = current().now()
        await asyncio.sleep(90)
        assert before.tzinfo is not None
        return (current().now() - before).total_seconds()

    assert run(program(), 1) == 90


def test_the_same_seed_gives_the_same_hash() -> None:
    for seed in range(20):
        first, second = simulate(chatter(), seed), simulate(chatter(), seed)
        assert first == second, f"seed {seed}"


def test_different_seeds_give_different_histories() -> None:
    outcomes = [simulate(chatter(), seed) for seed in range(20)]
    assert len({outcome.sha256 for outcome in outcomes}) == 20
    assert len({tuple(outcome.result) for outcome in outcomes}) == 20


def test_another_process_with_another_hash_seed_gives_the_same_hash() -> None:
    here = simulate(chatter(), 7).sha256
    said = "from tests.simulation import test_virtual_time as t; print(t.simulate(t.chatter(), 7).sha256)"
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", said], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == here


def test_the_order_of_what_is_ready_comes_from_the_seed() -> None:
    async def program() -> str:
        order: list[str] = []

        async def step(name: str) -> None:
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(step(name))
        return "".join(order)

    orders = {run(program(), seed) for seed in range(200)}
    assert len(orders) == 24, "each of the 4! orders is met"


def test_the_order_of_cancellation_in_a_group_comes_from_the_seed_too() -> None:
    async def program() -> list[int]:
        order: list[int] = []

        async def wait(number: int) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                order.append(number)

        async def fail() -> None:
            await asyncio.sleep(1)
            raise ValueError

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(30):
                    group.create_task(wait(number))
                group.create_task(fail())
        except* ValueError:
            pass
        return order

    keep = [object() for _ in range(999)]  # memory lies differently in the second run
    first = run(program(), 3)
    del keep[::2]
    assert run(program(), 3) == first
    assert sorted(first) == list(range(30))


def test_timers_fire_in_the_order_of_their_time_and_cancelled_ones_never() -> None:
    async def program() -> list[float]:
        fired: list[float] = []
        loop = current()
        for after in (3, 1, 2, 2.5):
            timer = loop.call_later(after, lambda: fired.append(loop.time()))
            if after == 2:
                timer.cancel()
        await asyncio.sleep(5)
        return fired

    for seed in range(10):
        assert run(program(), seed) == [1, 2.5, 3]


def test_a_callback_that_was_cancelled_in_its_own_moment_does_not_run() -> None:
    async def program() -> list[str]:
        ran: list[str] = []
        loop = current()
        handles: dict[str, asyncio.Handle] = {}

        def act(name: str, other: str) -> None:
            ran.append(name)
            handles[other].cancel()

        handles["a"] = loop.call_soon(act, "a", "b")
        handles["b"] = loop.call_soon(act, "b", "a")
        await asyncio.sleep(1)
        return ran

    assert {tuple(run(program(), seed)) for seed in range(20)} == {("a",), ("b",)}


def test_timeouts_work_in_virtual_time() -> None:
    async def program() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.Event().wait()
        return current().time()

    assert run(program(), 1) == 60


def test_a_program_that_can_never_go_on_is_a_deadlock_and_names_who_waits() -> None:
    async def program() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="the one who waits")

    with pytest.raises(DeadlockError, match=r"seed 5, 0 s.*the one who waits"):
        run(program(), 5)


def test_a_program_that_never_rests_is_a_livelock() -> None:
    async def program() -> None:
        loop = current()

        def again() -> None:
            loop.call_soon(again)

        again()
        await asyncio.sleep(1)

    with pytest.raises(LivelockError, match="seed 5"):
        simulate(program(), 5, steps_max=1_000)


def test_sockets_threads_and_processes_are_refused() -> None:
    async def dial() -> None:
        await asyncio.open_connection("127.0.0.1", 1)

    async def serve() -> None:
        await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)

    async def thread() -> None:
        await asyncio.to_thread(time.time)

    async def process() -> None:
        await asyncio.create_subprocess_exec("true")

    for program in (dial, serve, thread, process):
        with pytest.raises(RealWorldError):
            run(program(), 1)


def test_another_thread_cannot_reach_in() -> None:
    async def program() -> list[str]:
        loop = current()
        refused: list[str] = []

        def reach_in() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except RealWorldError as error:
                refused.append(str(error))

        other = threading.Thread(target=reach_in)
        other.start()
        other.join(5)
        return refused

    assert run(program(), 1) == ["another thread reaches into the simulation"]


def test_a_generator_that_was_left_is_ended_inside_of_the_simulation() -> None:
    ended: list[float] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append(current().time())

    async def program() -> None:
        async for _ in endless():
            break
        await asyncio.sleep(1)

    run(program(), 1)
    assert ended == [0.0]


def test_the_failure_of_a_program_comes_out_and_that_of_a_forgotten_task_too() -> None:
    async def fails() -> None:
        await asyncio.sleep(1)
        raise KeyError("mine")

    async def forgets() -> None:
        current().call_soon(lambda: 1 // 0)
        await asyncio.sleep(1)

    with pytest.raises(KeyError, match="mine"):
        run(fails(), 1)
    with pytest.raises(UnhandledError, match="ZeroDivisionError"):
        run(forgets(), 1)


def test_the_trace_is_kept_for_people_to_read() -> None:
    outcome: Outcome[list[str]] = simulate(chatter(messages=1), 4)
    assert any('"send"' in line for line in outcome.lines)
    assert outcome.virtual_s >= 10
    assert outcome.steps > 20
