"""The desk's acts on the real database: who owns a case, who is added and taken back, and when it is offered anew."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from dispatch.cases.facts import Answer
from dispatch.cases.values import Status
from dispatch.limits import ROUNDS_MAX, SEATS_MAX
from tests.conftest import Database
from tests.contract.small_town import DESK, Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def supervisor(town: Town, case: UUID, event: str, officer: UUID | None = None, **other: object) -> Answer:
    who = uuid4()
    said = {"actor": "supervisor", "actor_id": who, "scope": f"account:{who}"}
    return await town.act(case, event, officer, **(said | other))


async def held(town: Town, officer: UUID) -> UUID:
    """A case that the officer claimed."""
    case = await town.report(officer)
    assert (await town.claim(case, officer)).ok
    return case


async def test_whoever_takes_a_case_owns_it_by_name_and_no_alarm_is_raised(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "taken_by_desk", reason="mine")).ok
    state = await town.state(case)
    assert state.acknowledged and state.desk is not None and state.desk.owner == DESK
    await town.pass_time(case)
    assert [f for a in await town.store.fire("s1") for f in a.facts if f.case == case] == []
    assert (await town.store.history(case))[-1].body == {"reason": "mine"}
    assert (await town.store.history(case))[-1].call_sign is None, "it concerns no officer"


async def test_another_desks_case_cannot_be_taken(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "taken_by_desk", station="s2")).reason == "not_yours"
    assert (await supervisor(town, case, "taken_by_desk")).ok


async def test_an_added_officer_sits_on_a_seat_more_until_there_are_no_more(town: Town) -> None:
    first, *others = await town.officers(SEATS_MAX + 1)
    case = await held(town, first)
    for n, officer in enumerate(others[: SEATS_MAX - 1], 2):
        assert (await town.desk(case, "officer_added", officer)).ok
        state = await town.state(case)
        assert (state.status, state.seats, len(state.holders)) == (Status.CLAIMED, n, n)
    assert (await town.desk(case, "officer_added", others[-1])).reason == "seats_full"
    assert (await town.desk(case, "officer_added", first)).reason == "already_held"
    assert await town.fence(case, first) == 1, "who held it before holds it as before"


async def test_with_the_last_officer_taken_back_the_case_rings_at_the_desk_again(town: Town) -> None:
    one, two = await town.officers(2)
    case = await held(town, one)
    await town.desk(case, "officer_added", two)
    stale = await town.fence(case, one)
    assert (await town.desk(case, "officer_taken_back", one, reason="elsewhere")).ok
    sign = await town.owner.fetchval("SELECT call_sign FROM officers WHERE id = $1", one)
    assert (await town.store.history(case))[-1].call_sign == sign
    assert (await town.state(case)).status is Status.CLAIMED
    assert (await town.act(case, "set_out", one, fence=stale)).reason == "stale_fence"
    assert (await town.desk(case, "officer_taken_back", one, reason="again")).reason == "not_holder"
    answer = await town.desk(case, "officer_taken_back", two, reason="elsewhere")
    state = await town.state(case)
    assert [f.kind for f in answer.facts] == ["last_taken_back"]
    assert (state.status, state.desk_reason, state.acknowledged) == (Status.AT_STATION, "taken_back", False)
    await town.pass_time(case)
    assert [f.kind for a in await town.store.fire("s1") for f in a.facts if f.case == case] == ["alarm_raised"]
    assert (await town.claim(await town.report(one), one)).ok, "taken back is free again"


async def test_a_case_offered_anew_has_a_window_again_and_falls_back_again(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.at_desk()
    assert (await town.desk(case, "reoffered")).reason == "nobody_near"
    answer = await town.desk(case, "reoffered", candidates=[one, two], reason="shift began")
    assert answer.ok and answer.facts[0].to == (one, two)
    state = await town.state(case)
    assert (state.status, state.round, state.acknowledged) == (Status.OFFERED, 1, False)
    assert 50_000 < (state.remaining_ms or 0) <= 60_000
    await town.pass_time(case)
    fired = [f.kind for a in await town.store.fire("s1") for f in a.facts if f.case == case]
    assert fired == ["fell_back"]
    assert (await town.desk(case, "reoffered", candidates=[one])).ok
    assert (await town.claim(case, one, 2)).ok


async def test_a_case_that_was_offered_often_enough_is_the_desks_to_send(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.at_desk()
    await town.owner.execute("UPDATE cases SET round = $2 WHERE id = $1", case, ROUNDS_MAX)
    assert (await town.desk(case, "reoffered", candidates=[one])).reason == "rounds_spent"
    assert (await town.desk(case, "assigned", one)).ok
    back = await town.act(case, "handed_back", one, fence=await town.fence(case, one), candidates=[two])
    assert [f.kind for f in back.facts] == ["handed_to_desk"]


async def test_an_officer_asks_for_another_once_and_the_desk_adds_one(town: Town) -> None:
    one, two = await town.officers(2)
    case = await held(town, one)
    fence = await town.fence(case, one)
    assert (await town.act(case, "second_asked", one, fence=fence, reason="knife")).ok
    assert ((await town.state(case)).seats, len((await town.state(case)).holders)) == (2, 1)
    assert (await town.act(case, "second_asked", one, fence=fence)).reason == "already_asked"
    assert (await town.act(case, "second_asked", two, fence=fence)).reason == "stale_fence"
    assert (await town.desk(case, "officer_added", two)).ok
    assert (await town.state(case)).seats == 2


async def test_a_desk_sends_its_own_officers_and_those_of_a_station_that_lends(town: Town) -> None:
    stranger = await town.officer("s2")
    case = await town.at_desk()
    assert (await town.desk(case, "assigned", stranger)).reason == "other_station"
    assert (await supervisor(town, case, "assigned", stranger)).ok
    case, stranger = await town.at_desk(), await town.officer("s2")
    await town.owner.execute("UPDATE stations SET lends = true WHERE id = 's2'")
    try:
        assert (await town.desk(case, "assigned", stranger)).ok
    finally:
        await town.owner.execute("UPDATE stations SET lends = false WHERE id = 's2'")
    other = await town.officer("s2")
    assert (await town.desk(case, "officer_added", other)).reason == "other_station"


@pytest.mark.parametrize("event", ["taken_by_desk", "officer_added", "officer_taken_back", "reoffered"])
async def test_nobody_but_the_stations_staff_does_the_desks_acts(town: Town, event: str) -> None:
    one = await town.officer()
    case = await held(town, one)
    for actor in ("officer", "reporter", "service"):
        assert (await town.act(case, event, one, actor=actor, fence=1)).reason == "not_yours"


async def test_the_same_key_hears_the_same_answer_and_nothing_happens_twice(town: Town) -> None:
    one, two = await town.officers(2)
    case = await held(town, one)
    for _ in range(2):
        assert (await town.desk(case, "officer_added", two, key="k" * 20 + case.hex[:4])).ok
    assert (await town.kinds(case)).count("officer_added") == 1


async def test_every_act_of_a_desk_keeps_its_reason_in_the_history(town: Town) -> None:
    one, two, three = await town.officers(3)
    case = await town.at_desk()
    acts: list[tuple[str, UUID | None]] = [
        ("acknowledged", None), ("taken_by_desk", None), ("put_on_hold", None), ("appointment_offered", None),
        ("assigned", one), ("reassigned", two), ("officer_added", three), ("officer_taken_back", three),
        ("officer_taken_back", two), ("reoffered", None),
    ]  # fmt: skip
    for event, officer in acts:
        said = {"reason": f"because of {event}", "hold_min": 5, "lasts_min": 30, "candidates": [one]}
        answer = await town.desk(case, event, officer, **said)
        assert answer.ok, (event, answer.reason)
        assert answer.facts[0].body["reason"] == f"because of {event}"
    assert len(await town.store.history(case)) == 2 + len(acts)


async def test_a_closed_case_refuses_every_act_of_the_desk(town: Town) -> None:
    one = await town.officer()
    case = await town.at_desk()
    assert (await town.desk(case, "cleared", disposition="advice_given")).ok
    for event in ("taken_by_desk", "officer_added", "officer_taken_back", "reoffered"):
        assert (await town.desk(case, event, one, candidates=[one])).reason == "closed"
