"""The simulated network does what its faults say, and heals."""

import asyncio
import json

import pytest

from tests.simulation.bus import CALM, Bus, BusFaults, swizzle
from tests.simulation.virtual_time import run, simulate


def test_a_calm_bus_delivers_everything_once_and_in_order() -> None:
    async def program() -> list[int]:
        bus: Bus[int] = Bus(CALM)
        inbox = bus.join("b")
        for number in range(50):
            bus.send("a", "b", number)
            await asyncio.sleep(0.01)
        return [inbox.get_nowait() for _ in range(inbox.qsize())]

    assert run(program(), 1) == list(range(50))


def test_a_rough_bus_drops_doubles_and_reorders() -> None:
    async def program() -> list[int]:
        bus: Bus[int] = Bus(BusFaults(drop=0.2, duplicate=0.2, delay_s_max=1.0))
        inbox = bus.join("b")
        for number in range(500):
            bus.send("a", "b", number)
            await asyncio.sleep(0.01)
        await asyncio.sleep(2)
        counts = bus.counts
        assert counts.delivered == inbox.qsize() == counts.sent - counts.dropped + counts.duplicated
        return [inbox.get_nowait() for _ in range(inbox.qsize())]

    heard = run(program(), 1)
    assert set(heard) < set(range(500))
    assert len(heard) > len(set(heard))
    assert heard != sorted(heard)


def test_a_partition_parts_both_ways_until_it_heals() -> None:
    async def program() -> list[int]:
        bus: Bus[str] = Bus()
        inboxes = {node: bus.join(node) for node in "abc"}
        bus.partition({"a"}, {"b", "c"})
        sizes = []
        for _ in range(2):
            for source, target in ("ab", "ba", "bc"):
                bus.send(source, target, "hello")
            await asyncio.sleep(1)
            sizes += [inboxes[node].qsize() for node in "abc"]
            bus.heal()
        return sizes

    assert run(program(), 1) == [0, 0, 1, 1, 1, 2]


def test_a_way_that_is_cut_leaves_the_way_back_open() -> None:
    async def program() -> tuple[int, int]:
        bus: Bus[str] = Bus()
        a, b = bus.join("a"), bus.join("b")
        bus.cut("a", "b")
        bus.send("a", "b", "there")
        bus.send("b", "a", "back")
        await asyncio.sleep(1)
        return a.qsize(), b.qsize()

    assert run(program(), 1) == (1, 0)


def test_a_clogged_node_hears_everything_when_it_is_unclogged() -> None:
    async def program() -> tuple[int, list[int]]:
        bus: Bus[int] = Bus()
        inbox = bus.join("b")
        bus.clog("b")
        for number in range(20):
            bus.send("a", "b", number)
        await asyncio.sleep(60)
        before = inbox.qsize()
        bus.unclog("b")
        return before, [inbox.get_nowait() for _ in range(inbox.qsize())]

    before, heard = run(program(), 1)
    assert (before, sorted(heard)) == (0, list(range(20)))
    assert heard != sorted(heard), "what waited comes in a drawn order"


def test_swizzling_unclogs_in_another_order_than_it_clogged() -> None:
    async def program() -> None:
        await swizzle(Bus[int](), "abcdefgh", 1)

    differed = 0
    for seed in range(20):
        lines = [json.loads(line) for line in simulate(program(), seed).lines]
        clogged = [node for _, word, node, *_ in lines if word == "clog"]
        unclogged = [node for _, word, node, *_ in lines if word == "unclog"]
        assert sorted(clogged) == sorted(unclogged)
        differed += clogged != unclogged
    assert differed >= 10


def test_a_full_inbox_loses_and_counts_what_it_lost() -> None:
    async def program() -> tuple[int, int, int]:
        bus: Bus[int] = Bus(inbox_max=3)
        inbox = bus.join("b")
        for number in range(5):
            bus.send("a", "b", number)
        bus.send("a", "nobody", 9)
        await asyncio.sleep(1)
        return inbox.qsize(), bus.counts.delivered, bus.counts.overflowed

    assert run(program(), 1) == (3, 3, 3)


def test_faults_that_make_no_sense_are_refused() -> None:
    for wrong in ({"drop": 1.5}, {"duplicate": -0.1}, {"delay_s_min": 2.0, "delay_s_max": 1.0}):
        with pytest.raises(ValueError):
            BusFaults(**wrong)
