"""`kill -9` of every role and of both stores, one after another, while people report and race."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground, open_ground
from scripts.fleet import Shape
from scripts.stores import Store

SEED = 20_101
STATIONS = 2
REPORTS = 120
PER_S = 4.0
SHARE = 0.3  # of the cards an officer taps: most cases are contested, some fall back

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def ground() -> AsyncIterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="onbeat-kill-"))
    os.chmod(folder, 0o711)  # noqa: PTH101, S103 - the database works as another user inside
    shape = Shape(webs=2, sweepers=2, relays=2, proxied=False)
    try:
        async with open_ground(folder, SEED, folder, stations=STATIONS, officers=6, shape=shape) as ready:
            yield ready
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_every_role_and_both_stores_may_die_and_nothing_that_was_accepted_is_lost(ground: Ground) -> None:
    print(f"seed {SEED}")
    words, fleet, takers = "kill ", ground.fleet, Takers(ground, "kill ", SHARE)
    deaths = []

    async def kill_one_after_another() -> None:
        for name in ("web-1", "sweeper-1", "relay-1"):
            await asyncio.sleep(3.5)
            assert fleet.children.kill(name)
            deaths.append(name)
        for store in (Store.REDIS, Store.POSTGRES):
            await asyncio.sleep(3.5)
            assert fleet.stores.kill(store)
            deaths.append(store)

    async with takers.at_work():
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(flow(ground, words, count=REPORTS, per_s=PER_S, seed=SEED, stations=STATIONS))
            group.create_task(kill_one_after_another())
        await ground.heal()
        open_ = await settled(ground, words)
    reports = sending.result()
    ended = await outcomes(ground, words, takers)

    assert deaths == ["web-1", "sweeper-1", "relay-1", Store.REDIS, Store.POSTGRES]
    assert all(fleet.children.deaths(name) == 1 for name in ("web-1", "sweeper-1", "relay-1"))
    assert not any(fleet.children.deaths(name) for name in ("web-2", "sweeper-2", "relay-2")), "nobody died along"
    assert all(fleet.stores.deaths(store) == 1 for store in Store)
    assert not reports.unanswered and len(reports.accepted) == REPORTS
    assert await lost_or_doubled(ground, words, reports) == []
    assert open_ == [], "every case is claimed or at the desk"
    assert ended.broken == [], "one winner a case, never early, and the winner was told so"
    assert ended.claimed + ended.fell_back + ended.at_once == REPORTS
    assert ended.claimed > REPORTS // 4 and ended.fell_back > 0, "both ends were seen"
    assert not any(phone.sent_away for phone in ground.crew.all_officers), "nobody was signed out"
