"""Calls for help on the real record: one live one an officer, told once, ended by a person at a desk, never lost."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.cases.audience import deliveries
from dispatch.cases.values import Refusal
from dispatch.cases.views import Panic
from dispatch.safety.panics import Panics
from tests.conftest import Database
from tests.contract.small_town import LAT, LON, Town, key, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_a_call_reaches_the_desk_and_those_near_who_are_on_duty(town: Town) -> None:
    officer, near = await town.officers(2)
    away = await town.officer(on=False)
    answer = await town.panic(officer, away, near, officer)
    (fact,) = answer.facts
    assert (answer.ok, fact.stream, fact.kind, fact.case) == (True, "s1", "panic", None)
    to_desk, to_officers, to_supervisors = deliveries(fact)
    assert to_desk.station == "s1" and to_officers.officers == (officer, near)
    assert to_supervisors.supervisors == "s1"
    view = to_officers.view
    assert isinstance(view, Panic) and view.place is not None and not view.over
    assert (view.officer, view.place.lat, view.place.lon) == (officer, LAT, LON)


async def test_pressed_again_it_is_the_same_call_and_nobody_is_told_twice(town: Town) -> None:
    officer, key_ = await town.officer(), key()
    first = await town.panic(officer, key_=key_)
    again = await town.panic(officer, key_=key_)
    another = await town.panic(officer, lat=1.0)
    assert len(first.facts) == 1 and again.facts == another.facts == ()
    assert len({one.response["panic"] for one in (first, again, another)}) == 1
    many = await asyncio.gather(*(town.panic(officer) for _ in range(6)))
    assert all(one.ok and not one.facts for one in many)


async def test_ten_presses_at_once_are_one_call(town: Town) -> None:
    officer, key_ = await town.officer(), key()
    many = await asyncio.gather(*(town.panic(officer, key_=key_ if n % 2 else "") for n in range(10)))
    assert all(one.ok for one in many) and sum(len(one.facts) for one in many) == 1


async def test_it_works_off_duty_and_without_a_place(town: Town) -> None:
    officer = await town.officer(on=False)
    answer = await town.panic(officer, lat=None, lon=None, accuracy_m=None)
    assert answer.ok
    view = deliveries(answer.facts[0])[0].view
    assert isinstance(view, Panic) and view.place is None


async def test_it_names_the_case_that_the_officer_holds_and_waits_for_no_claim(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.claim(case, officer)
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM officers WHERE id = $1 FOR NO KEY UPDATE", officer)
        answer = await asyncio.wait_for(town.panic(officer), 0.9)
    assert answer.facts[0].body["case"] == str(case)


async def test_a_person_at_the_desk_ends_it_once_with_a_reason_that_is_in_no_entry(town: Town) -> None:
    officer = await town.officer()
    await town.panic(officer)
    assert (await town.clear_panic(officer, station="s2")).reason == Refusal.NOT_YOURS
    panic = next(one.panic for one in await PostgresSafety(town.pool).live_panics() if one.officer == officer)
    done = await town.clear_panic(officer, reason="Wrong button.")
    assert done.ok and "Wrong" not in str(done.facts[0].body)
    view = deliveries(done.facts[0])[0].view
    assert isinstance(view, Panic) and view.over
    row = await town.owner.fetchrow("SELECT reason, cleared_by, cleared_at FROM panics WHERE id = $1", panic)
    assert row["reason"] == "Wrong button." and row["cleared_at"] is not None
    assert (await town.clear_panic(officer, panic=panic)).reason == Refusal.PANIC_OVER
    assert (await town.clear_panic(officer, panic=uuid4())).reason == Refusal.NOT_FOUND
    assert (await town.panic(officer)).facts, "a new call after the end is a new one"


async def test_a_supervisor_ends_it_at_any_station(town: Town) -> None:
    officer = await town.officer()
    await town.panic(officer)
    assert (await town.clear_panic(officer, actor="supervisor", station=None)).ok


async def test_it_stands_on_the_screens_of_a_process_that_starts_later(town: Town) -> None:
    officer, near = await town.officers(2)
    await town.panic(officer, near)
    panics = Panics()
    panics.replace(await PostgresSafety(town.pool).live_panics())
    assert (
        [one.officer for one in panics.seen_by(near)] == [officer] == [one.officer for one in panics.seen_by(officer)]
    )
    assert officer in [one.officer for one in panics.of_station("s1")] and panics.of_station("s2") == []
    ended = await town.clear_panic(officer)
    assert panics.apply(ended.facts[0]) is not None and panics.seen_by(near) == []
