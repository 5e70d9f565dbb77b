"""One contract, two stores: an officer is pulled to something worse; both cases change in one commit, or neither."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.audience import deliveries
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import DeskReason, Event, Refusal, Status
from dispatch.cases.views import Gone
from tests.conftest import Database
from tests.contract.stores import OTHER_HASH, MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"p{number}s")
        return
    pool, owner = await connect_pool(database.app_url, size=4), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"p{number}s")
    await pool.close()
    await owner.close()


def ids(town: Town) -> list[UUID]:
    return [o.id for o in town.officers]


async def at_desk(town: Town, kind: str = "urgent", **changed: Any) -> UUID:
    case, _ = await town.reported(category=f"{town.stations[0]}-{kind}", **changed)
    return case


async def held(town: Town, kind: str = "one", **changed: Any) -> tuple[UUID, int]:
    """A case that the first officer holds, and the fence."""
    officer = ids(town)[0]
    case, _ = await town.reported(officer, category=f"{town.stations[0]}-{kind}", **changed)
    return case, await town.claimed(case, officer)


def pull(town: Town, from_case: UUID, case: UUID, *candidates: UUID, **changed: Any) -> ActDraft:
    meant: dict[str, Any] = {"officer": ids(town)[0], "from_case": from_case, "candidates": list(candidates)}
    return town.act(case, "preempted", "desk", town.uuid(), **(meant | changed))


async def state(town: Town, case: UUID) -> CaseState:
    found = await town.store.case(case)
    assert found is not None
    return found


async def refused(town: Town, draft: ActDraft) -> str | None:
    """The reason; nothing may have changed."""
    cases = [draft.case, draft.from_case or draft.case]
    before = [(s.seq, s.fence) if (s := await town.store.case(case)) else None for case in cases]
    (answer,) = await town.store.pull(draft)
    after = [(s.seq, s.fence) if (s := await town.store.case(case)) else None for case in cases]
    assert before == after and not answer.ok and answer.facts == ()
    return answer.reason


def kinds(answers: list[Answer]) -> list[list[str]]:
    return [[fact.kind for fact in answer.facts] for answer in answers]


async def test_the_officer_is_on_the_other_case_and_the_first_is_offered_to_others_with_its_age_kept(
    town: Town,
) -> None:
    a, b, *_ = ids(town)
    first, fence = await held(town)
    await town.store.act(town.act(first, "set_out", "officer", a, fence=fence))
    await town.ground.advance(300)
    worse = await at_desk(town)
    answers = await town.store.pull(pull(town, first, worse, a, b))
    assert kinds(answers) == [[Event.ASSIGNED], [Event.PREEMPTED]]
    (left,) = answers[1].facts
    assert (left.to, left.body["released"], left.body["for"]) == ((b,), [str(a)], str(worse))
    assert left.offset < answers[0].facts[0].offset, "free first, then on the other case"
    there, here = await state(town, worse), await state(town, first)
    assert (there.status, [h.officer for h in there.holders]) == (Status.CLAIMED, [a])
    assert (here.status, here.round, here.holders, here.handed_back) == (Status.OFFERED, 2, (), ())
    assert here.age_ms >= 300_000
    assert (await town.store.act(town.act(first, "arrived", "officer", a, fence=fence))).reason == Refusal.STALE_FENCE
    assert await town.claimed(first, b, 2)
    assert answers[0].response["fence"] == there.holders[0].fence


@pytest.mark.parametrize("others", [True, False])
async def test_why_somebody_was_pulled_stands_in_both_histories(town: Town, others: bool) -> None:
    _, b, *_ = ids(town)
    (first, _), worse = await held(town), await at_desk(town)
    await town.store.pull(pull(town, first, worse, *([b] if others else []), reason="a child is missing"))
    for case, kind in ((first, Event.PREEMPTED if others else Event.PREEMPTED_TO_DESK), (worse, Event.ASSIGNED)):
        (told,) = (entry for entry in await town.store.history(case) if entry.kind == kind)
        assert told.body["reason"] == "a child is missing"


async def test_with_nobody_else_near_the_first_case_is_the_desks(town: Town) -> None:
    first, _ = await held(town)
    answers = await town.store.pull(pull(town, first, await at_desk(town), ids(town)[0]))
    assert kinds(answers) == [[Event.ASSIGNED], [Event.PREEMPTED_TO_DESK]]
    here = await state(town, first)
    assert (here.status, here.desk_reason) == (Status.AT_STATION, DeskReason.PREEMPTED)


async def test_nobody_is_pulled_from_a_scene_nor_to_something_no_worse(town: Town) -> None:
    a = ids(town)[0]
    first, fence = await held(town)
    assert await refused(town, pull(town, first, await at_desk(town, "one"))) == Refusal.NOT_HIGHER
    worse = await at_desk(town)
    await town.store.act(town.act(first, "arrived", "officer", a, fence=fence))
    assert await refused(town, pull(town, first, worse)) == Refusal.ON_SCENE


async def test_who_has_not_said_that_all_is_well_is_sent_to_nothing_worse(town: Town) -> None:
    a = ids(town)[0]
    first, fence = await held(town)
    worse = await at_desk(town)
    asked = town.act(first, "welfare_asked", "desk", town.uuid(), officer=a)
    assert (await town.store.act(asked)).ok
    assert await refused(town, pull(town, first, worse)) == Refusal.CHECK_OPEN
    assert (await town.store.act(town.act(first, "welfare_answered", "officer", a, fence=fence))).ok
    assert kinds(await town.store.pull(pull(town, first, worse))) == [[Event.ASSIGNED], [Event.PREEMPTED_TO_DESK]]


async def test_a_check_that_is_open_on_another_case_counts_as_well(town: Town) -> None:
    officer, ground = ids(town)[0], town.ground
    if isinstance(ground, MemoryGround):
        ground.records.officers[officer].slots = 2
    elif isinstance(ground, PostgresGround):
        await ground.pool.execute("UPDATE officers SET slots = 2 WHERE id = $1", officer)
    (first, _), (other, _), worse = await held(town), await held(town), await at_desk(town)
    asked = town.act(other, "welfare_asked", "desk", town.uuid(), officer=officer)
    assert (await town.store.act(asked)).ok
    assert await refused(town, pull(town, first, worse)) == Refusal.CHECK_OPEN


async def one_there_and_one_to_come(town: Town) -> UUID:
    """A case on whose scene the second officer is; the first is still on the way."""
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-two")
    await town.claimed(case, a)
    there = town.act(case, "arrived", "officer", b, fence=await town.claimed(case, b))
    assert (await town.store.act(there)).ok
    return case


async def test_who_is_still_on_the_way_to_a_scene_may_be_pulled_and_who_is_there_goes_on(town: Town) -> None:
    a, b, c, *_ = ids(town)
    first, worse = await one_there_and_one_to_come(town), await at_desk(town)
    assert await refused(town, pull(town, first, worse, officer=b)) == Refusal.ON_SCENE
    answers = await town.store.pull(pull(town, first, worse, c, reason="a child is missing"))
    assert kinds(answers) == [[Event.ASSIGNED], [Event.OFFICER_TAKEN_BACK]]
    (left,) = answers[1].facts
    assert left.body == {"released": [str(a)], "for": str(worse), "reason": "a child is missing"}
    assert left.to == (), "nobody else is asked by itself"
    there, here = await state(town, worse), await state(town, first)
    assert (there.status, [h.officer for h in there.holders]) == (Status.CLAIMED, [a])
    assert (here.status, [h.officer for h in here.holders]) == (Status.ON_SCENE, [b])
    gone = [one.view for one in deliveries(left) if a in one.officers]
    assert [(type(view), view.reason) for view in gone if isinstance(view, Gone)] == [(Gone, "preempted")]


async def test_the_last_who_is_on_the_way_to_a_scene_leaves_it_to_the_desk(town: Town) -> None:
    a, b, c, *_ = ids(town)
    first, worse = await one_there_and_one_to_come(town), await at_desk(town)
    fence = next(h.fence for h in (await state(town, first)).holders if h.officer == b)
    assert (await town.store.act(town.act(first, "transferred", "officer", b, fence=fence))).ok
    answers = await town.store.pull(pull(town, first, worse, c, officer=a))
    assert kinds(answers) == [[Event.ASSIGNED], [Event.LAST_TAKEN_BACK]]
    here = await state(town, first)
    assert (here.status, here.desk_reason) == (Status.AT_STATION, DeskReason.TAKEN_BACK)


async def test_the_same_priority_is_not_higher(town: Town) -> None:
    first, _ = await held(town, "urgent")
    assert await refused(town, pull(town, first, await at_desk(town))) == Refusal.NOT_HIGHER


async def test_who_and_what_must_be_there(town: Town) -> None:
    _, b, *_ = ids(town)
    first, fence = await held(town)
    worse, elsewhere = await at_desk(town), await at_desk(town, station=town.stations[1])
    assert await refused(town, pull(town, first, town.uuid())) == Refusal.NOT_FOUND
    assert await refused(town, pull(town, first, worse, officer=town.uuid())) == Refusal.NOT_FOUND
    assert await refused(town, pull(town, first, worse, officer=b)) == Refusal.STALE_FENCE
    assert await refused(town, pull(town, first, elsewhere)) == Refusal.NOT_YOURS
    assert await refused(town, pull(town, first, worse, station=town.stations[1])) == Refusal.NOT_YOURS
    assert await refused(town, pull(town, first, first)) == Refusal.ILLEGAL
    offered, _ = await town.reported(b, category=f"{town.stations[0]}-urgent")
    assert await refused(town, pull(town, first, offered)) == Refusal.ILLEGAL
    await town.store.act(town.act(worse, "withdrawn", "reporter", worse))
    assert await refused(town, pull(town, first, worse)) == Refusal.CLOSED
    draft = town.act(first, "handed_back", "officer", ids(town)[0], fence=fence)
    assert (await town.store.act(draft)).ok
    assert await refused(town, pull(town, first, await at_desk(town))) == Refusal.STALE_FENCE


async def test_a_merged_case_needs_nobody_and_leaves_nobody(town: Town) -> None:
    first, _ = await held(town)
    survivor, worse = await at_desk(town), await at_desk(town)
    merge = town.act(survivor, "absorbed", "desk", town.uuid(), others=(worse,), reason="the same window")
    assert (await town.store.act(merge)).ok
    assert await refused(town, pull(town, first, worse)) == Refusal.MERGED
    assert await refused(town, pull(town, worse, survivor)) == Refusal.MERGED


async def test_the_same_pull_again_hears_the_same_answer(town: Town) -> None:
    first, _ = await held(town)
    draft = pull(town, first, await at_desk(town), ids(town)[1])
    once = await town.store.pull(draft)
    (again,) = await town.store.pull(draft)
    assert (again.ok, again.response, again.facts) == (True, once[0].response, ())
    (other,) = await town.store.pull(pull(town, first, draft.case, key=draft.key, scope=draft.scope, hash=OTHER_HASH))
    assert (other.ok, other.reason) == (False, Refusal.KEY_REUSED)


async def test_a_pull_and_an_arrival_at_the_same_moment_are_one_or_the_other(town: Town) -> None:
    a = ids(town)[0]
    for _ in range(8):
        first, fence = await held(town)
        worse = await at_desk(town)
        arrival = town.act(first, "arrived", "officer", a, fence=fence)
        pulled, arrived = await asyncio.gather(town.store.pull(pull(town, first, worse)), town.store.act(arrival))
        assert pulled[0].ok != arrived.ok, (pulled, arrived)
        for case in (first, worse):
            if (await state(town, case)).status not in (Status.ON_SCENE, Status.CLAIMED):
                await town.store.act(town.act(case, "withdrawn", "reporter", case))
            else:
                fence_ = (await state(town, case)).holders[0].fence
                draft = town.act(case, "transferred", "officer", a, fence=fence_)
                assert (await town.store.act(draft)).ok
