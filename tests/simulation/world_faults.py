"""What goes wrong, drawn from the seed: the network, the processes, the way to the database. It always heals."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.simulation.bus import CALM, ROUGH, BusFaults, swizzle
from tests.simulation.world import World
from tests.simulation.world_store import Weather

Episode = Callable[[World], Coroutine[Any, Any, None]]


async def rough(world: World) -> None:
    """Publications are lost, doubled, put into another order."""
    drop = world.dice.choice((0.05, 0.3, 1.0))
    world.bus.faults = world.dice.choice((ROUGH, BusFaults(drop=drop, duplicate=0.2, delay_s_min=0.0, delay_s_max=0.3)))
    await asyncio.sleep(world.dice.uniform(0.5, 5))
    world.bus.faults = CALM


async def part(world: World) -> None:
    """The bus falls into two or three parts."""
    names = [node.name for node in world.nodes]
    world.dice.shuffle(names)
    cuts = sorted(world.dice.sample(range(1, len(names)), world.dice.randint(1, 2)))
    world.bus.partition(*(names[a:b] for a, b in zip([0, *cuts], [*cuts, len(names)], strict=True)))
    await asyncio.sleep(world.dice.uniform(0.5, 5))
    world.bus.heal()


async def clog(world: World) -> None:
    """Swizzle-clog: subscriptions stop one after another and go on in another order."""
    await swizzle(world.bus, [node.name for node in world.nodes], world.dice.uniform(0.1, 1.5))


async def kill(world: World) -> None:
    """One to three processes die; each comes back."""
    for node in world.dice.sample(world.nodes, world.dice.randint(1, 3)):
        if node.alive:
            node.kill()
            world.loop.call_later(world.dice.choice((0.1, 1.0, 4.0)) * world.dice.random(), _revive, node)
        await asyncio.sleep(world.dice.uniform(0, 1))


def _revive(node: Any) -> None:
    if not node.alive:
        node.start()


async def freeze(world: World) -> None:
    """A process stops where it waits, and wakes up with the past still in its hands."""
    node = world.dice.choice(world.nodes)
    if node.alive:
        frozen_s = world.dice.uniform(0.5, 4)
        world.loop.record("freeze", node.name, frozen_s)
        node.store.frozen_until_s = world.loop.time() + frozen_s
        world.bus.clog(node.name)
        await asyncio.sleep(frozen_s)
        world.bus.unclog(node.name)


async def database_away(world: World) -> None:
    """Crashed and restarted: what was committed stays."""
    world.weather.away = True
    world.loop.record("away")
    await asyncio.sleep(world.dice.uniform(0.1, 3))
    world.weather.away = False


async def database_far(world: World) -> None:
    """Slow ways, lost requests, lost replies, held rows."""
    dice, weather = world.dice, world.weather
    weather.slow, weather.slow_s = dice.choice((0.0, 0.3, 1.0)), dice.choice((0.02, 0.3, 1.5))
    weather.lose_request, weather.lose_reply = dice.choice((0.0, 0.1)), dice.choice((0.0, 0.1, 0.4))
    weather.busy = dice.choice((0.0, 0.2))
    await asyncio.sleep(dice.uniform(0.5, 5))
    calm(weather)


async def restore(world: World) -> None:
    """The records were restored to where they were: a new epoch, and nothing that was known counts."""
    if world.dice.random() < 0.3:
        world.records.epoch = f"restored {world.loop.time()}"
        world.loop.record("restore")


async def blind(world: World) -> None:
    """A process no longer hears the others' positions: its offers go to the whole station."""
    node = world.dice.choice([n for n in world.nodes if n.role != "relay"])
    if node.alive:
        node.positions.listening(False)
        await asyncio.sleep(world.dice.uniform(0.5, 3))
        node.positions.listening(True, loaded=True)


DATABASE: tuple[Episode, ...] = (database_away, database_far, database_far, restore)
EPISODES: tuple[Episode, ...] = (rough, part, clog, kill, kill, freeze, blind, *DATABASE)


async def trouble(world: World, until_s: float) -> None:
    """Episodes one after the other, until the given virtual second."""
    while world.loop.time() < until_s:
        await asyncio.sleep(world.dice.uniform(0, until_s / 6))
        await world.dice.choice(EPISODES)(world)


def calm(weather: Weather) -> None:
    weather.away = False
    weather.lose_request = weather.lose_reply = weather.busy = weather.slow = 0.0


def heal(world: World) -> None:
    """The network is whole, the database answers, every process lives."""
    world.loop.record("all is well")
    calm(world.weather)
    world.bus.heal()
    for node in world.nodes:
        _revive(node)
