"""The twins' script where most is held and watched: every answer, fact and state of both stores compared."""

from collections import Counter
from typing import Any

import pytest

from dispatch.cases.values import Event
from tests.conftest import Database
from tests.contract.stores import TICK_US, Ground, Twins, a_town, twins
from tests.contract.test_store_twins import Script, differing, everything, perform, plain

SEEDS = range(8)
STEPS = 90
WATCHED = frozenset(
    {Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.TRANSFERRED, Event.PREEMPTED, Event.SEAT_LEFT}
)
"""What the scripts come to for certain; the rarer ways stand in test_watch and test_pull, on both stores too."""


class Watched(Script):
    """Everybody is asked and somebody claims; then steps over the seats, pulls, and the officers' own acts."""

    def some(self, most: int = 5) -> list[Any]:
        return super().some(most) if self.dice.random() < 0.4 else [o.id for o in self.town.officers]

    def draft(self) -> tuple[str, Any]:
        roll, held = self.dice.random(), [s for s in self.states.values() if s.holders]
        offered = [s for s in self.states.values() if s.status == "offered"]
        if roll < 0.12 or not self.cases:
            kind, asked = self.dice.choice((("one", self.some()), ("two", self.some()), ("urgent", [])))
            report = self.town.report(*asked, category=f"{self.town.stations[0]}-{kind}")
            self.cases.append(report.id)
            return self._kept("report", [report])
        if offered and roll < 0.4:
            state = self.dice.choice(offered)
            return self._kept("claim", [self.town.claim(state.id, o, state.round) for o in self.some(3)])
        if not held or roll < 0.45:
            return super().draft()
        state = self.dice.choice(held)
        if roll < 0.75:
            return self._watched(state.id, state)
        if roll < 0.83:
            waiting = [s for s in self.states.values() if s.status == "at_station"] or held
            return self._kept("pull", [self._pull(self.dice.choice(waiting).id)])
        holder = self.dice.choice(state.holders)
        event = self.dice.choice(
            ("set_out", "arrived", "welfare_answered", "welfare_asked", "handed_back", "transferred")
        )
        if event == "welfare_asked":
            return self._kept("act", [self.town.act(state.id, event, "desk", self.town.uuid(), officer=holder.officer)])
        draft = self.town.act(state.id, event, "officer", holder.officer, fence=holder.fence, candidates=self.some())
        return self._kept("act", [draft])


async def drawn(seed: int, both: Twins) -> Counter[str]:
    """One script on both; what happened."""
    grounds: list[Ground] = [both.memory, both.postgres]
    towns = [await a_town(ground, seed, prefix=f"x{seed}s") for ground in grounds]
    script, happened = Watched(towns[0], seed), Counter[str]()
    for step in range(STEPS):
        await both.tick(TICK_US)
        call, given = script.draft()
        memory, postgres = [await perform(ground, call, given) for ground in grounds]
        assert len(memory) == len(postgres), f"seed {seed}, step {step}: {call}"
        for one, other in zip(memory, postgres, strict=True):
            assert plain(one) == plain(other), f"seed {seed}, step {step}: {call}: {differing(one, other)}"
        script.learn(memory)
        happened.update(fact.kind for answer in memory for fact in answer.facts)
    here, there = [
        await everything(ground.store, town, script.cases) for ground, town in zip(grounds, towns, strict=True)
    ]
    assert here == there, f"seed {seed}"
    return happened


@pytest.fixture(scope="module")
def happened() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_stores_watch_and_pull_alike(seed: int, database: Database, happened: Counter[str]) -> None:
    async with twins(database) as both:
        happened.update(await drawn(seed, both))


def test_the_scripts_do_something(happened: Counter[str]) -> None:
    if happened[Event.RECEIVED]:  # asked for alone there is nothing to count
        assert not [kind for kind in WATCHED if not happened[kind]], happened
