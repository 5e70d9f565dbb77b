"""The end of a shift on the real store: nobody leaves with a case, and a case passed on is the desk's at once."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from dispatch.adapters.postgres.handover import PostgresHandOver
from dispatch.cases.values import DeskReason, Event, Refusal, Status
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def won(town: Town, *officers: UUID, category: str = "plain") -> UUID:
    """A case that these officers hold."""
    case = await town.report(*officers, category=category)
    for officer in officers:
        assert (await town.claim(case, officer)).ok
    return case


async def transfer(town: Town, case: UUID, officer: UUID) -> list[str]:
    answer = await town.act(case, "transferred", officer, fence=await town.fence(case, officer))
    assert answer.ok, answer.reason
    return [fact.kind for fact in answer.facts]


@pytest.mark.parametrize("so_far", [[], ["set_out"], ["set_out", "arrived"]])
async def test_a_transferred_case_stands_at_the_desk_unseen_and_the_officer_may_go(
    town: Town, so_far: list[str]
) -> None:
    officer = await town.officer()
    case = await won(town, officer)
    fence = await town.fence(case, officer)
    for event in so_far:
        await town.act(case, event, officer, fence=fence)
    assert (await town.duty(officer, False)).reason == Refusal.HOLDS_CASE
    assert await transfer(town, case, officer) == [Event.TRANSFERRED]
    state = await town.state(case)
    assert (state.status, state.desk_reason, state.holders) == (Status.AT_STATION, DeskReason.SHIFT_END, ())
    assert not state.acknowledged and state.handed_back == ()
    assert (await town.duty(officer, False)).ok
    await town.pass_time(case, 20)
    assert [f.kind for a in await town.store.fire("s1") for f in a.facts] == [Event.ALARM_RAISED]
    await town.withdraw(case)


async def test_one_of_two_leaves_the_other_at_work(town: Town) -> None:
    one, two = await town.officers(2)
    case = await won(town, one, two, category="pair")
    await town.act(case, "set_out", one, fence=await town.fence(case, one))
    assert await transfer(town, case, one) == [Event.SEAT_LEFT]
    state = await town.state(case)
    assert (state.status, [h.officer for h in state.holders]) == (Status.EN_ROUTE, [two])
    assert (await town.act(case, "arrived", two, fence=await town.fence(case, two))).ok
    assert (await town.duty(one, False)).ok


async def test_only_a_holder_with_the_present_fence_transfers(town: Town) -> None:
    one, stranger = await town.officers(2)
    case = await won(town, one)
    fence = await town.fence(case, one)
    assert (await town.act(case, "transferred", stranger, fence=fence)).reason == Refusal.STALE_FENCE
    assert (await town.act(case, "transferred", one, fence=fence - 1)).reason == Refusal.STALE_FENCE
    assert (await town.desk(case, "transferred", one)).reason == Refusal.NOT_YOURS
    await town.withdraw(case)
    assert (await town.act(case, "transferred", one, fence=fence)).reason == Refusal.CLOSED


async def test_the_successor_may_be_the_one_who_left(town: Town) -> None:
    """A transfer is no hand-back: nothing is held against anybody."""
    officer = await town.officer()
    case = await won(town, officer)
    await transfer(town, case, officer)
    assert (await town.desk(case, "assigned", officer)).ok
    await town.withdraw(case)


async def test_the_end_of_a_shift_is_known_moved_and_forgotten(town: Town) -> None:
    officer = await town.officer(on=False)

    async def minutes() -> float | None:
        left = "extract(epoch FROM shift_ends_at - clock_timestamp()) / 60"
        found = await town.owner.fetchval(f"SELECT {left} FROM officers WHERE id = $1", officer)  # noqa: S608
        return None if found is None else float(found)

    for shift_min in (480, 30):
        assert (await town.store.set_duty(officer, True, key(), "dd", shift_min)).ok
        assert shift_min - 1 < (await minutes() or 0) <= shift_min
    await town.duty(officer, True)
    assert await minutes() is not None, "said again without an end changes nothing"
    await town.duty(officer, False)
    assert await minutes() is None


async def test_the_next_shift_is_handed_every_open_case_and_who_is_on_it(town: Town) -> None:
    list_ = PostgresHandOver(town.pool)
    officer = await town.officer(on=False)
    assert (await town.store.set_duty(officer, True, key(), "dd", 45)).ok
    held, waiting, gone = await won(town, officer), await town.at_desk(), await town.at_desk()
    away = await town.report(station="s2")
    await town.desk(gone, "cleared", disposition="advice_given")
    handed = await list_.of("s1")
    cases = {case.case: case for case in handed.cases}
    assert held in cases and waiting in cases and not {gone, away} & cases.keys()
    assert [c.case for c in handed.cases] == sorted(cases, key=lambda c: -cases[c].received_ago_ms)
    (holder,) = cases[held].holders
    assert (holder.officer, holder.state) == (officer, "claimed")
    assert holder.shift_ends_in_ms is not None and 44 * 60_000 < holder.shift_ends_in_ms <= 45 * 60_000
    (ack,) = cases[waiting].pending
    assert ack.kind == "ack" and 15_000 < ack.due_in_ms <= 20_000
    assert (cases[waiting].desk_reason, cases[waiting].acknowledged_ago_ms) == (DeskReason.NOBODY_NEAR, None)
    assert next(o for o in handed.officers if o.officer == officer).held == 1
    assert handed.left_out == 0


async def test_the_list_names_who_may_answer_at_the_desk_and_who_is_on_shift(town: Town) -> None:
    accounts = [
        ("desk-a", "desk", "s1"),
        ("desk-b", "desk", "s1"),
        ("desk-c", "desk", "s2"),
        ("chief", "supervisor", None),
    ]
    ids = {login: uuid4() for login, _, _ in accounts}
    for login, role, station in accounts:
        await town.owner.execute(
            "INSERT INTO accounts (id, login, password, role, station) VALUES ($1, $2, '', $3, $4)",
            ids[login], login, role, station,
        )  # fmt: skip
    assert (await town.store.set_desk_shift(ids["desk-b"], "s1", True, key(), "dd")).ok
    desks = (await PostgresHandOver(town.pool).of("s1")).desks
    assert [(one.account, one.login, one.role) for one in desks] == [
        (ids["desk-b"], "desk-b", "desk"),
        (ids["chief"], "chief", "supervisor"),
        (ids["desk-a"], "desk-a", "desk"),
    ]
    assert [one.on_shift_ms is not None for one in desks] == [True, False, False]
    await town.owner.execute("UPDATE desk_shifts SET since = since - interval '13 hours'")
    assert all(one.on_shift_ms is None for one in (await PostgresHandOver(town.pool).of("s1")).desks)
