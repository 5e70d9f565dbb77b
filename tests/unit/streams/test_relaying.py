"""A relay's cursor passes only what was heard or published itself: a hole stays a hole until it is published."""

from collections.abc import Mapping
from typing import Any, cast

from dispatch.cases.facts import Fact
from dispatch.cases.ports import Heads
from dispatch.streams.envelope import pack, unpack
from dispatch.streams.relaying import Relaying
from tests.unit.cases.states import fact


class World:
    """A stream, a stored cursor and a bus in one."""

    def __init__(self, head: int) -> None:
        self.head, self.stored, self.published, self.epoch = head, {"s1": 0}, list[int](), "a"

    async def heads(self) -> Heads:
        return Heads(self.epoch, {"s1": self.head})

    async def read_stream(self, stream: str, after: int, count: int) -> list[Fact]:
        return [fact(n) for n in range(after + 1, min(self.head, after + count) + 1)]

    async def load(self) -> dict[str, int]:
        return dict(self.stored)

    async def save(self, cursors: Mapping[str, int]) -> None:
        self.stored = dict(cursors)

    def post(self, payload: bytes) -> None:
        self.published += [f.offset for f in unpack(payload).facts]


def envelope(*offsets: int) -> bytes:
    return pack("web", [fact(n) for n in offsets])


async def turned(world: World, *heard: int) -> tuple[Relaying, World]:
    """A relay after it heard these offsets and has waited long enough."""
    now = [0.0]
    relay = Relaying(cast(Any, world), world, world, "relay", clock=lambda: now[0])
    await relay.start()
    for offset in heard:
        relay.heard(envelope(offset))
    await relay.turn()
    now[0] += 1.0
    await relay.turn()
    return relay, world


async def test_what_nobody_published_is_published_in_order() -> None:
    _, world = await turned(World(3))
    assert world.published == [1, 2, 3] and world.stored == {"s1": 3}


async def test_a_later_fact_that_was_heard_does_not_hide_an_earlier_one_that_was_not() -> None:
    _, world = await turned(World(4), 1, 3, 4)
    assert 2 in world.published and world.stored == {"s1": 4}


async def test_a_cursor_is_never_stored_beyond_a_hole() -> None:
    world = World(0)
    relay = Relaying(cast(Any, world), world, world, "relay", clock=lambda: 0.0)
    await relay.start()
    for offset in (2, 3):
        relay.heard(envelope(offset))
    world.head = 3
    await relay.turn()
    assert world.stored["s1"] == 0 and world.published == []


async def test_what_was_heard_is_not_published_again() -> None:
    _, world = await turned(World(3), 3, 1, 2, 2)
    assert world.published == []


async def test_what_cannot_be_read_from_the_bus_is_no_reason_to_stop() -> None:
    relay, world = await turned(World(1))
    relay.heard(b"\xff not an envelope")
    assert world.published == [1]


async def test_under_load_a_stream_that_moves_is_left_to_those_who_commit() -> None:
    """Something is always committed and not yet heard of; only what stands still was published by nobody."""
    now, world = [0.0], World(0)
    relay = Relaying(cast(Any, world), world, world, "relay", clock=lambda: now[0])
    await relay.start()
    for _ in range(20):
        world.head += 2
        relay.heard(envelope(world.head - 1))  # the newest is still on its way
        await relay.turn()
        relay.heard(envelope(world.head))
        now[0] += 0.25
    assert world.published == []
