"""What the walks do to sweepers and to Redis, each once and for certain: nothing is lost, nothing happens twice."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from dispatch.cases.values import Status
from dispatch.limits import GENERATION_AGE_S_MIN
from tests.conftest import Database
from tests.contract.anywhere import Anywhere, anywhere, key


@pytest.fixture
async def world(database: Database, redis_url: str) -> AsyncIterator[Anywhere]:
    async with anywhere(database, redis_url) as world:
        await world.begin()
        yield world


async def kinds(world: Anywhere, case: UUID) -> list[str]:
    return await world.town.kinds(case)


@pytest.mark.parametrize("calls", range(1, 6))
@pytest.mark.parametrize("committed", [False, True])
async def test_what_a_killed_sweeper_was_at_is_fired_once_by_those_who_live(
    world: Anywhere, calls: int, committed: bool
) -> None:
    assert await world.report("plain") == [] == await world.report("plain")
    await world.pass_time(61.0)
    assert await world.kill_a_sweeper(calls, committed=committed) == []
    assert await world.broken() == []
    for case in world.cases:
        assert (await kinds(world, case)).count("fell_back") == 1
        assert world.here.feed.board.cases[case].state.status is Status.AT_STATION, "the others have heard of it"


async def test_a_window_that_a_dying_sweeper_holds_is_not_answered_twice(world: Anywhere) -> None:
    assert await world.report("plain") == []
    (case,) = world.cases
    await world.pass_time(61.0)
    assert await world.kill_a_sweeper(2, committed=False) == []
    late = await world.claim(case, world.officers[0], 1, key())
    assert (late.ok, late.reason) == (False, "at_desk")


async def test_a_process_that_starts_after_a_flush_asks_the_whole_station(world: Anywhere) -> None:
    for officer in world.officers:
        await world.come(officer, 0.5)  # far away: whoever trusted an empty index would ask nobody
    await world.air.flush(cut_off=False)
    near = await world.starts()
    assert not near.healthy()
    assert await world.report("plain", near=near) == []
    asked = await world.asked(await world.state(world.cases[0]))
    on_duty = {one.officer for one in world.here.roster.of_station("s1")}
    assert set(asked) == on_duty


async def test_a_flushed_index_is_filled_although_no_phone_has_sent_since(world: Anywhere) -> None:
    known = [one for one in world.officers if world.near.where(one) is not None]
    await world.air.flush(cut_off=False)
    await world.air.tell_fixes()
    near = await world.starts()
    assert known and [one for one in known if near.where(one) is None] == []


async def test_a_flushed_index_is_filled_from_memory_and_trusted_when_it_is_old_enough(world: Anywhere) -> None:
    known = [one for one in world.officers if world.near.where(one) is not None]
    await world.air.flush(cut_off=False)
    await world.send_place(known[0])  # and no other phone has sent since
    near = await world.starts()
    assert known and [one for one in known if near.where(one) is None] == [], "the others' places come from memory"
    assert not near.healthy()
    await world.pass_time(GENERATION_AGE_S_MIN + 1.0)
    assert (await world.starts()).healthy()


async def test_nothing_that_redis_forgets_or_does_not_carry_changes_what_is_true(world: Anywhere) -> None:
    assert await world.report("plain") == []
    (case,) = world.cases
    await world.sign_in(case)
    (token,) = world.tokens
    assert await world.flush_redis(cut_off=True) == [], "and a session that lives opens"
    assert (await world.claim(case, world.officers[0], 1, key())).ok
    await world.sign_out(token)
    assert await world.flush_redis(cut_off=True) == [], "and one that is over does not"
    assert await world.carry([False] * 12) == [], "publications were lost, and every screen is right"
    assert await world.broken() == []
