"""Each lead of the walks reaches what it is for, for certain, in a town where nobody comes between."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from tests.conftest import Database
from tests.contract.anywhere import Anywhere, anywhere
from tests.contract.leading import Lead
from tests.contract.leads import LEADS, lead_on
from tests.contract.walking import Walk

SEEDS = range(2)  # the ways on fork; the walks take them all


@pytest.fixture(scope="module")
async def world(database: Database, redis_url: str) -> AsyncIterator[Anywhere]:
    async with anywhere(database, redis_url) as world:
        yield world


@pytest.mark.parametrize("name", LEADS)
async def test_a_lead_reaches_what_it_is_for(world: Anywhere, name: str) -> None:
    class Alone(Walk):
        said: ClassVar[list[str]] = []

        def note(self, said: str) -> None:
            self.said.append(said)

    Alone.world, Alone.loop = world, asyncio.get_running_loop()
    for seed in SEEDS:
        await world.begin()
        world.happened.clear()
        world.refused.clear()
        Alone.said.clear()
        await asyncio.to_thread(lead_on, Lead(Alone(), random.Random(f"{name} {seed}"), calm=True), name)
        await world.count()
        missed = (
            *sorted(LEADS[name].events - world.happened.keys()),
            *sorted(LEADS[name].refusals - world.refused.keys()),
        )
        assert not missed, (seed, missed, Alone.said)
        assert await world.figures() == []
