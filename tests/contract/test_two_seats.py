"""Categories that need two officers, and hand-backs by a station's policy: on both stores, and rule against SQL."""

import itertools
from collections.abc import AsyncIterator
from itertools import product
from uuid import UUID

import pytest

from dispatch.adapters.memory.rows import StationRow
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases import handing_back
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.values import Case, OfficerId, Status
from dispatch.limits import ALARMS_MAX, HAND_BACKS_MAX, ROUNDS_MAX
from tests.conftest import Database
from tests.contract.stores import MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"p{number}s")
        return
    pool, owner = await connect_pool(database.app_url, size=2), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"p{number}s")
    await pool.close()
    await owner.close()


def state_of(answer: Answer) -> CaseState:
    assert answer.state is not None
    return answer.state


async def with_one_seat_filled(town: Town, *asked: UUID, last_wave: bool = True) -> tuple[UUID, UUID, int]:
    """A case that needs two, its first officer, and the fence of the seat."""
    one, *others = asked or [o.id for o in town.officers[:3]]
    category = f"{town.stations[0]}-two"
    case, _ = await town.reported(one, *others, category=category, last_wave=last_wave)
    return case, one, await town.claimed(case, one)


async def did(town: Town, case: UUID, event: str, officer: UUID, fence: int | None, **other: object) -> Answer:
    return await town.store.act(town.act(case, event, "officer", officer, fence=fence, **other))


async def at_the_deadline(town: Town) -> Answer:
    await town.ground.advance(60)
    (fallen,) = await town.store.fire(town.stations[0])
    return fallen


async def test_one_seat_filled_at_the_deadline_goes_to_the_desk_with_the_officer_kept(town: Town) -> None:
    case, one, fence = await with_one_seat_filled(town)
    fallen = state_of(await at_the_deadline(town))
    assert (fallen.id, fallen.status, fallen.desk_reason) == (case, Status.AT_STATION, "window_closed")
    assert [(h.officer, h.fence) for h in fallen.holders] == [(one, fence)]
    assert (await town.duty(one, False)).reason == "holds_case"


@pytest.mark.parametrize("event", ["set_out", "arrived", "cleared"])
async def test_alone_nobody_sets_out_for_a_case_that_needs_two(town: Town, event: str) -> None:
    case, one, fence = await with_one_seat_filled(town)
    for _ in ("offered", "at the desk"):
        refused = await did(town, case, event, one, fence, disposition="founded" if event == "cleared" else None)
        assert (refused.ok, refused.reason) == (False, "illegal")
        if state_of(refused).status is Status.OFFERED:
            await at_the_deadline(town)


async def test_with_the_second_whom_the_desk_sends_both_set_out(town: Town) -> None:
    case, one, fence = await with_one_seat_filled(town)
    await at_the_deadline(town)
    two = town.officers[1].id
    sent = await town.store.act(town.act(case, "assigned", "desk", town.uuid(), officer=two))
    assert (state_of(sent).status, [h.officer for h in state_of(sent).holders]) == (Status.CLAIMED, [one, two])
    assert (await did(town, case, "set_out", one, fence)).ok


async def test_who_waits_for_a_second_may_give_the_seat_back_and_the_window_runs_on(town: Town) -> None:
    case, one, fence = await with_one_seat_filled(town)
    await town.ground.advance(20)
    back = await did(town, case, "handed_back", one, fence, reason="家里有急事", candidates=[town.officers[3].id])
    state = state_of(back)
    assert [f.kind for f in back.facts] == ["seat_handed_back"]
    assert (state.status, state.round, state.holders, state.handed_back) == (Status.OFFERED, 1, (), (one,))
    assert state.remaining_ms is not None
    assert state.remaining_ms <= 40_000, "no new round: the reporter's minute goes on"
    assert back.facts[0].to == ()
    (again,) = await town.store.claim([town.claim(case, one)])
    assert (again.ok, again.reason) == (False, "handed_back")
    stale = await did(town, case, "handed_back", one, fence)
    assert (stale.ok, stale.reason) == (False, "stale_fence")
    assert (await town.duty(one, False)).ok, "the slot is free again"


async def test_when_the_last_who_could_come_gives_the_seat_back_the_desk_has_it_at_once(town: Town) -> None:
    only = town.officers[0].id
    case, _, fence = await with_one_seat_filled(town, only)
    back = await did(town, case, "handed_back", only, fence)
    assert [f.kind for f in back.facts] == ["seat_handed_back", "sent_to_desk"]
    assert (state_of(back).status, state_of(back).desk_reason) == (Status.AT_STATION, "all_declined")


async def test_when_a_wider_ring_is_left_it_is_asked_at_once(town: Town) -> None:
    only = town.officers[0].id
    case, _, fence = await with_one_seat_filled(town, only, last_wave=False)
    await did(town, case, "handed_back", only, fence)
    assert [due.case for due in await town.store.due_waves() if due.station in town.stations] == [case]


async def test_the_desk_sees_anew_when_the_officer_who_was_kept_stands_down(town: Town) -> None:
    case, one, fence = await with_one_seat_filled(town)
    await at_the_deadline(town)
    await town.store.act(town.act(case, "acknowledged", "desk", town.uuid()))
    back = state_of(await did(town, case, "handed_back", one, fence))
    assert (back.status, back.holders, back.acknowledged) == (Status.AT_STATION, (), False)
    assert back.desk_reason == "handed_back"
    await town.ground.advance(20)
    (alarm,) = await town.store.fire(town.stations[0])
    assert alarm.facts[0].kind == "alarm_raised"


async def put_off_and_handed_back(town: Town) -> UUID:
    """At the desk, put off for ten minutes; then the officer who stood by gives the seat back."""
    case, one, fence = await with_one_seat_filled(town)
    await at_the_deadline(town)
    held = await town.store.act(town.act(case, "put_on_hold", "desk", town.uuid(), hold_min=10))
    assert held.ok, held.reason
    assert (await did(town, case, "handed_back", one, fence)).ok
    return case


async def rung(town: Town, seconds: float) -> list[str]:
    await town.ground.advance(seconds)
    return [fact.kind for answer in await town.store.fire(town.stations[0]) for fact in answer.facts]


async def test_what_was_put_off_is_seen_anew_and_still_wakes_the_desk_at_its_time(town: Town) -> None:
    case = await put_off_and_handed_back(town)
    assert await rung(town, 20) == ["alarm_raised"], "unseen: an alarm, and not yet its time"
    assert (await town.store.act(town.act(case, "acknowledged", "desk", town.uuid()))).ok
    assert await rung(town, 300) == []
    assert await rung(town, 301) == ["woken"]


async def test_what_was_put_off_and_nobody_answered_for_wakes_the_desk_all_the_same(town: Town) -> None:
    await put_off_and_handed_back(town)
    told = [kind for _ in range(ALARMS_MAX) for kind in await rung(town, 20)]
    assert told == ["alarm_raised"] * ALARMS_MAX
    assert await rung(town, 601) == ["woken"]


# --- one is there, the other still to come
async def one_there(town: Town) -> tuple[UUID, UUID, int, UUID, int]:
    """A case on scene: who is there, who is still to come, each with the fence."""
    case, one, fence = await with_one_seat_filled(town)
    two = town.officers[1].id
    second = await town.claimed(case, two)
    assert (await did(town, case, "arrived", one, fence)).ok
    return case, one, fence, two, second


async def test_who_is_still_on_the_way_gives_the_seat_back_and_who_is_there_goes_on(town: Town) -> None:
    case, one, fence, two, second = await one_there(town)
    assert (await did(town, case, "set_out", two, second)).ok
    back = await did(town, case, "handed_back", two, second, reason="爆胎", candidates=[town.officers[2].id])
    state = state_of(back)
    assert [(f.kind, f.to, f.body) for f in back.facts] == [
        ("seat_handed_back", (), {"reason": "爆胎", "released": [str(two)]})
    ]
    assert (state.status, [h.officer for h in state.holders]) == (Status.ON_SCENE, [one])
    assert (await town.duty(two, False)).ok, "the slot is free again"
    sent = await town.store.act(town.act(case, "officer_added", "desk", town.uuid(), officer=town.officers[2].id))
    assert sent.ok, "the seat is free for somebody whom the desk sends"
    assert (await did(town, case, "cleared", one, fence, disposition="founded")).ok


async def test_when_who_was_there_has_left_a_hand_back_brings_the_case_to_the_desk(town: Town) -> None:
    case, one, fence, two, second = await one_there(town)
    assert (await did(town, case, "transferred", one, fence)).ok
    back = await did(town, case, "handed_back", two, second, reason="爆胎", candidates=[town.officers[2].id])
    state = state_of(back)
    assert [(f.kind, f.to) for f in back.facts] == [("handed_to_desk", ())]
    assert (state.status, state.holders, state.desk_reason) == (Status.AT_STATION, (), "handed_back")
    await town.ground.advance(20)
    (alarm,) = await town.store.fire(town.stations[0])
    assert alarm.facts[0].kind == "alarm_raised"


async def test_who_is_on_scene_hands_nothing_back(town: Town) -> None:
    case, one, fence, two, second = await one_there(town)
    for _ in ("with another still to come", "alone"):
        refused = await did(town, case, "handed_back", one, fence, candidates=[town.officers[2].id])
        assert (refused.ok, refused.reason) == (False, "illegal")
        await did(town, case, "transferred", two, second)


async def test_who_is_still_on_the_way_does_not_end_the_case_over_the_head_of_who_is_there(town: Town) -> None:
    case, _, _, two, second = await one_there(town)
    early = await did(town, case, "cleared", two, second, disposition="unfounded")
    assert (early.ok, early.reason) == (False, "illegal")
    assert (await did(town, case, "arrived", two, second)).ok
    assert (await did(town, case, "cleared", two, second, disposition="unfounded")).ok


# --- hand-backs by policy
@pytest.mark.parametrize("most", [1, 2, 3])
async def test_the_stations_last_hand_back_brings_the_case_to_its_desk(town: Town, most: int) -> None:
    await town.ground.rule(StationRow(town.stations[0], hand_backs_max=most))
    people = [o.id for o in town.officers[:4]]
    case, _ = await town.reported(*people)
    for number in range(1, most + 1):
        officer = people[number - 1]
        fence = await town.claimed(case, officer, round_=number)
        back = await did(town, case, "handed_back", officer, fence, candidates=people)
        last = number == most
        assert back.facts[-1].kind == ("handed_to_desk" if last else "handed_back")
        assert state_of(back).status is (Status.AT_STATION if last else Status.OFFERED)
        assert set(back.facts[-1].to) == (set() if last else set(people[number:]))


async def test_the_rule_and_its_copy_in_sql_resolve_every_hand_back_alike(town: Town) -> None:
    if not isinstance(town.ground, PostgresGround):
        pytest.skip("the store in memory asks the rule itself")
    pool, station, seen = town.ground.pool, town.stations[0], set()
    case, _ = await town.reported(town.officers[0].id)
    for most, backs, round_ in product((None, 1, 2, 3), range(4), (1, ROUNDS_MAX - 1, ROUNDS_MAX)):
        back = [OfficerId(UUID(int=n + 1)) for n in range(backs)]
        await pool.execute("UPDATE stations SET hand_backs_max = $2 WHERE id = $1", station, most)
        await pool.execute("UPDATE cases SET handed_back = $2, round = $3 WHERE id = $1", case, back, round_)
        for status, anyone in product((s for s in Status if s not in ("received", "cleared", "withdrawn")), (0, 1)):
            core = Case(status, round_, handed_back=frozenset(back), hand_backs_max=most or HAND_BACKS_MAX)
            judged = await pool.fetchval(
                "SELECT resolved_hand_back(jsonb_populate_record(c, jsonb_build_object('status', $2::text)), $3) "
                "FROM cases c WHERE id = $1", case, str(status), [town.officers[1].id] * anyone,
            )  # fmt: skip
            assert judged == handing_back.resolved(core, bool(anyone)), (core, anyone)
            seen.add(judged)
    assert seen == {"handed_back", "handed_to_desk", "seat_handed_back"}
