"""Signs of life on scene, on both stores: asked in time, answered by a tap, told to the desk when none comes."""

import itertools
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from dispatch import limits
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.audience import SILENT_TO_REPORTER, desk_case, held
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.values import Event, Refusal, Status
from tests.conftest import Database
from tests.contract.stores import MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)
ANSWER_S = limits.CHECK_IN_ANSWER_MS / 1000


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"c{number}s")
        return
    pool, owner = await connect_pool(database.app_url, size=2), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"c{number}s")
    await pool.close()
    await owner.close()


async def on_scene(town: Town, kind: str = "risky") -> tuple[UUID, UUID, int]:
    """A case, the officer who is there, and the fence."""
    officer = town.officers[0].id
    case, _ = await town.reported(officer, category=f"{town.stations[0]}-{kind}")
    fence = await town.claimed(case, officer)
    assert (await town.store.act(town.act(case, "arrived", "officer", officer, fence=fence))).ok
    return case, officer, fence


async def fired(town: Town, seconds: float = 0) -> list[Fact]:
    """What is due of this town after so many seconds."""
    await town.ground.advance(seconds)
    return [fact for answer in await town.store.fire(town.stations[0]) for fact in answer.facts]


async def tap(town: Town, case: UUID, officer: UUID, fence: int) -> Answer:
    return await town.store.act(town.act(case, "checked_in", "officer", officer, fence=fence))


async def test_an_officer_on_scene_is_asked_in_time_and_answers_by_a_tap(town: Town) -> None:
    case, officer, fence = await on_scene(town)
    assert await fired(town, 598) == []
    (asked,) = await fired(town, 3)
    assert asked.kind == Event.CHECK_IN_ASKED and asked.body["officers"] == [str(officer)]
    assert town.stations[0] not in await town.store.due_stations()
    assert asked.state is not None and held(asked.state, officer).check_in == "asked"
    done = await tap(town, case, officer, fence)
    assert done.ok and done.state is not None and held(done.state, officer).check_in is None
    assert await fired(town, 598) == [], "the next question is due after the usual time"
    assert [fact.kind for fact in await fired(town, 3)] == [Event.CHECK_IN_ASKED]


async def test_no_answer_alarms_the_desk_again_and_again_and_takes_nobody_away(town: Town) -> None:
    case, officer, fence = await on_scene(town)
    await fired(town, 601)
    assert await fired(town, ANSWER_S - 2) == []
    (missed,) = await fired(town, 3)
    assert missed.kind == Event.CHECK_IN_MISSED and missed.body["officers"] == [str(officer)]
    assert missed.state is not None and missed.state.status is Status.ON_SCENE
    assert [seat.check_in for seat in desk_case(missed.state, 0, missed).holders] == ["missed"]
    assert [fact.kind for fact in await fired(town, ANSWER_S + 1)] == [Event.CHECK_IN_MISSED]
    assert (await tap(town, case, officer, fence)).ok
    assert await fired(town, ANSWER_S + 1) == []
    assert (await town.store.act(town.act(case, "cleared", "officer", officer, fence=fence, disposition="founded"))).ok


async def test_who_comes_second_sets_out_and_arrives_once_and_is_asked_as_the_first(town: Town) -> None:
    case, one, first = await on_scene(town)
    two = town.officers[1].id
    sent = await town.store.act(town.act(case, "officer_added", "desk", town.uuid(), officer=two))
    assert sent.state is not None
    second = next(h.fence for h in sent.state.holders if h.officer == two)

    async def does(event: str, officer: UUID, fence: int) -> Answer:
        return await town.store.act(town.act(case, event, "officer", officer, fence=fence))

    assert (await does("set_out", one, first)).reason == Refusal.ILLEGAL, "who is there sets out no more"
    for event, state in (("set_out", "en_route"), ("arrived", "on_scene")):
        done = await does(event, two, second)
        assert done.ok and done.state is not None and done.state.status is Status.ON_SCENE
        assert held(done.state, two).state == state
        assert (await does(event, two, second)).reason == Refusal.ILLEGAL, "once"
    assert (await does("arrived", one, first)).reason == Refusal.ILLEGAL
    (asked,) = await fired(town, 601)
    assert (asked.kind, asked.body["officers"]) == (Event.CHECK_IN_ASKED, [str(one), str(two)])


async def test_who_is_still_on_the_way_is_not_asked(town: Town) -> None:
    case, one, _ = await on_scene(town)
    await town.store.act(town.act(case, "officer_added", "desk", town.uuid(), officer=town.officers[1].id))
    (asked,) = await fired(town, 601)
    assert asked.body["officers"] == [str(one)]


async def test_alarms_of_one_silence_come_to_an_end(town: Town) -> None:
    await on_scene(town)
    await fired(town, 601)
    alarms = 0
    while await fired(town, ANSWER_S + 1):
        alarms += 1
    assert alarms == limits.ALARMS_MAX


async def test_whoever_was_not_asked_or_is_gone_is_told_so(town: Town) -> None:
    case, officer, fence = await on_scene(town)
    assert (await tap(town, case, officer, fence)).reason == Refusal.NOT_ASKED
    await fired(town, 601)
    assert (await tap(town, case, officer, fence + 1)).reason == Refusal.STALE_FENCE
    assert (await tap(town, case, town.officers[1].id, fence)).reason == Refusal.STALE_FENCE
    assert (await tap(town, case, officer, fence)).ok
    assert (await tap(town, case, officer, fence)).reason == Refusal.NOT_ASKED
    await town.store.act(town.act(case, "cleared", "officer", officer, fence=fence, disposition="founded"))
    assert (await tap(town, case, officer, fence)).reason == Refusal.CLOSED
    assert await fired(town, 6_000) == []


async def test_a_category_without_a_time_asks_nobody(town: Town) -> None:
    await on_scene(town, "one")
    assert await fired(town, 86_400) == []


async def test_advice_given_later_stands_in_the_history_once_a_key(town: Town) -> None:
    case, _, _ = await on_scene(town, "one")
    advice = {"call": "police", "rules": ["weapon"]}
    draft = town.act(case, "advised", "reporter", case, advice=advice)
    assert (await town.store.act(draft)).ok and (await town.store.act(draft)).facts == ()
    entries = [entry for entry in await town.store.history(case) if entry.kind == Event.ADVISED]
    assert [entry.body for entry in entries] == [{"advice": advice}]
    other = town.act(case, "advised", "officer", town.officers[0].id, advice=advice)
    assert (await town.store.act(other)).reason == Refusal.NOT_YOURS


def test_the_reporter_is_not_told_of_officers_signs_of_life() -> None:
    assert {Event.CHECK_IN_ASKED, Event.CHECKED_IN, Event.CHECK_IN_MISSED} <= SILENT_TO_REPORTER
