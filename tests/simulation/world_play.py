"""One seed, one town, one history: trouble while people work, then a heal, then everything is read back and judged."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from dispatch.cases.modes import HEAD_START
from dispatch.cases.policy import Mode
from dispatch.cases.values import Event, Status
from tests.simulation.invariants import Broken
from tests.simulation.virtual_time import Outcome, current, simulate
from tests.simulation.workload import Desk, Duty, Phone, Reporters
from tests.simulation.world import MODES, QUICK, STATIONS, TRUE, World
from tests.simulation.world_faults import heal, trouble

CASES = 20
OPEN = (Status.RECEIVED, Status.OFFERED)
GRACE_S = 5.0  # after its window a case may wait so long for a sweeper: 65 s with the service's own minute
ANSWERED_S = 10.0  # twice what a call may hang: who still asks then will never hear
BACK_S = 12.0  # a process that starts may have lost two calls to the trouble, and gives each five seconds
QUIET_S = 2.0  # four polls of the heads: every process has heard of everything
LAST_POLL_S = 5.0  # a poll that the trouble swallowed in its last moment is given up so long after the heal
TRUE_EVERY = 8  # one seed in so many runs with the service's own minute, the others with a window of 8 s


@dataclass(frozen=True, slots=True)
class Told:
    """What a run amounted to."""

    cases: int
    facts: int
    answers: int
    won: int
    fell_back: int
    rounds_max: int
    head_starts: int
    turns: int
    """Waves of one officer after another."""
    desk_first: int
    stood_down: int
    healed_s: float
    settled_s: float
    """Virtual seconds from the heal to the last open offer's end."""


async def town(trace: list[str] | None = None) -> Told:
    """Plays the loop's seed to its end; `trace` is given what happened, also where it broke.

    Raises: Broken, or whatever the code under test raised and nobody expected.
    """
    seed = current().seed
    world = World(TRUE if seed % TRUE_EVERY == 0 else QUICK)
    play, verdict = world.loop.create_task(_play(world)), world.law.verdict
    play.add_done_callback(world.law.passed)
    await asyncio.wait({verdict})
    if trace is not None:
        trace.extend(current().trace.lines)
    world.law.over = True
    if verdict.exception() is not None:
        play.cancel()
        verdict.result()
    return await play


async def _play(world: World) -> Told:
    dice, window_s = world.dice, world.pace.window_s
    for node in world.nodes:
        node.start()
    await asyncio.sleep(0.5)
    for officer in world.records.officers:
        Phone(world, officer).connect()
    reporters = Reporters(world)
    for _ in range(CASES):
        reporters.later(dice.uniform(0, window_s * 1.2), reporters.report)
    for station in STATIONS:
        desk = Desk(world, station)
        desk.start(desk.watch())
    duty = Duty(world)
    duty.start(duty.shifts())
    troubled_s = dice.uniform(0.5, 1.8) * window_s
    async with asyncio.TaskGroup() as troubles:
        for _ in range(dice.randint(0, 2)):
            troubles.create_task(trouble(world, troubled_s))
        await asyncio.sleep(max(troubled_s, window_s * 1.3))
    heal(world)
    world.at_rest = True
    healed_s = world.loop.time()
    settled_s = await _settle(world, healed_s)
    world.law.settled(world)
    books, rows = world.law.books.values(), world.records.cases.values()
    turned = [w for row in rows if MODES.get(row.category) is Mode.BEST_OFFICER for w in row.waves if w.wave > 1]
    told = list(world.law.answers.values())
    return Told(
        cases=len(books),
        facts=world.law.facts,
        answers=len(told),
        won=sum(said[0][0] for said in told),
        fell_back=sum(row.desk_reason == "window_closed" for row in rows),
        rounds_max=max((book.round for book in books), default=0),
        head_starts=sum(wave.wave == HEAD_START for row in rows for wave in row.waves),
        turns=sum(len(wave.recipients) == 1 for wave in turned),
        desk_first=sum(row.desk_reason == "desk_first" for row in rows),
        stood_down=sum(fact.kind == Event.SEAT_HANDED_BACK for row in rows for fact in row.facts),
        healed_s=healed_s,
        settled_s=settled_s - healed_s,
    )


async def _settle(world: World, healed_s: float) -> float:
    """Waits until nobody waits any more, then until everybody knows. Raises: Broken: it takes too long."""
    most_s, since = world.pace.window_s + GRACE_S, dict[UUID, float]()
    while True:
        settled_s, passed_s = world.loop.time(), world.loop.time() - healed_s
        waiting = [c for c, row in world.records.cases.items() if row.core.status in (Status.RECEIVED, Status.OFFERED)]
        for case in waiting:  # a report that was repeated until after the heal has its own window before it
            since.setdefault(case, settled_s)
        late = [case for case in waiting if settled_s - since[case] > most_s]
        world.law.hold(not late, f"each case has an answer {most_s:g} s after the heal", late)
        unanswered = sorted(task.get_name() for task in world.acting)
        world.law.hold(not unanswered or passed_s <= ANSWERED_S, "everybody is answered after the heal", unanswered)
        away = [node.name for node in world.nodes if not node.ready]
        world.law.hold(not away or passed_s <= BACK_S, f"every process is back {BACK_S:g} s after the heal", away)
        if not waiting and not unanswered and not away:
            break
        await asyncio.sleep(0.25)
    world.still = True
    await asyncio.sleep(max(0.0, healed_s + LAST_POLL_S - settled_s) + QUIET_S)
    return settled_s


def play(seed: int) -> Outcome[Told]:
    """Plays a seed to its end. Raises: Broken with seed and moment; what the code raised unexpectedly."""
    return simulate(town(), seed)


__all__ = ["Broken", "Told", "play"]
