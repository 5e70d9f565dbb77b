"""Reports on the real store: one key is one case, whoever sends it, however often, wherever."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer
from dispatch.cases.ports import ReportDraft
from dispatch.cases.service import Reporting
from dispatch.cases.values import DeskReason, Refusal, Status
from tests.conftest import Database
from tests.contract.screens import Process, Wire
from tests.contract.small_town import Town, key, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def send(town: Town, draft: ReportDraft) -> Answer:
    (answer,) = await town.store.report([draft])
    return answer


async def cases_of(town: Town, key_: str) -> int:
    """Cases that a key's stored answer names and that exist."""
    count: int = await town.owner.fetchval(
        "SELECT count(*) FROM cases c JOIN idempotency i ON c.id = (i.response ->> 'case')::uuid WHERE i.key = $1", key_
    )
    return count


async def test_a_report_is_offered_to_those_on_duty_and_free(town: Town) -> None:
    free, off, busy = await town.officer(), await town.officer(on=False), await town.officer()
    await town.claim(await town.report(busy), busy)
    (answer,) = await town.store.report([town.draft([free, off, busy])])
    assert [f.kind for f in answer.facts] == ["received", "offer_opened"]
    assert answer.facts[1].to == (free,)
    assert answer.state is not None and 59_000 < (answer.state.remaining_ms or 0) <= 60_000


async def test_nobody_near_sends_the_case_to_the_desk_at_once(town: Town) -> None:
    off = await town.officer(on=False)
    state = await town.state(await town.report(off))
    assert (state.status, state.desk_reason, state.remaining_ms) == (Status.AT_STATION, DeskReason.NOBODY_NEAR, None)


async def test_a_report_that_cannot_be_made_spoils_no_neighbours_and_each_hears_of_its_own(town: Town) -> None:
    process = Process(town.store, Wire(), uuid4().hex)
    await process.feed.start()
    reporting = Reporting(process.store, process.feed, cast(Any, None), Catalogue(), lambda: 0.0)
    officer = await town.officer()
    drafts = [town.draft([officer]) for _ in range(3)]

    def broken() -> ReportDraft:
        raise ValueError("of no category")

    makes = [broken, *(m for draft in drafts for m in (lambda draft=draft: draft, broken))]
    answers = await asyncio.gather(*map(reporting.put, makes), return_exceptions=True)
    assert [isinstance(answer, ValueError) for answer in answers] == [True, False, True, False, True, False, True]
    made = [answer for answer in answers if isinstance(answer, Answer)]
    assert [answer.response["case"] for answer in made] == [str(draft.id) for draft in drafts]
    with pytest.raises(ValueError, match="of no category"):
        await reporting.put(broken)


async def test_the_same_report_again_hears_the_same_answer(town: Town) -> None:
    draft = town.draft([await town.officer()])
    first = await send(town, draft)
    again = await send(town, town.draft(key=draft.key))
    assert again.ok and again.response == first.response and again.facts == ()
    assert await cases_of(town, draft.key) == 1


async def test_the_same_key_with_another_body_is_refused(town: Town) -> None:
    draft = town.draft([await town.officer()])
    await send(town, draft)
    other = await send(town, town.draft(key=draft.key, hash="bb"))
    assert (other.ok, other.reason, other.facts) == (False, Refusal.KEY_REUSED, ())


async def test_the_same_key_twice_in_one_batch_is_one_case(town: Town) -> None:
    officer, key_ = await town.officer(), key()
    answers = await town.store.report([town.draft([officer], key=key_) for _ in range(3)])
    assert len({a.response["case"] for a in answers}) == 1
    assert sum(len(a.facts) for a in answers) == 2


async def test_the_same_report_on_many_connections_at_once_is_one_case(town: Town) -> None:
    officers = await town.officers(3)
    for _ in range(15):
        key_ = key()
        drafts = [town.draft(officers, key=key_, station="s1" if n % 2 else "s2") for n in range(6)]
        answers = await asyncio.gather(*(send(town, draft) for draft in drafts))
        assert len({a.response["case"] for a in answers}) == 1
        assert sum(bool(a.facts) for a in answers) == 1
        assert await cases_of(town, key_) == 1


async def test_of_two_bodies_under_one_key_at_once_exactly_one_is_accepted(town: Town) -> None:
    officer = await town.officer()
    for _ in range(10):
        key_ = key()
        one, two = await asyncio.gather(
            send(town, town.draft([officer], key=key_)), send(town, town.draft([officer], key=key_, hash="bb"))
        )
        assert sorted([one.reason or "", two.reason or ""]) == ["", Refusal.KEY_REUSED]


async def test_crossed_batches_of_two_stations_never_wait_for_each_other_in_a_ring(town: Town) -> None:
    officer = await town.officer()
    for _ in range(10):
        keys = [key() for _ in range(6)]
        there = [town.draft([officer], key=k, station="s1" if n % 2 else "s2") for n, k in enumerate(keys)]
        back = [town.draft([officer], key=k, station="s2" if n % 2 else "s1") for n, k in enumerate(reversed(keys))]
        one, two = await asyncio.gather(town.store.report(there), town.store.report(back))
        assert all(a.ok for a in (*one, *two))
        assert [a.response["case"] for a in one] == [a.response["case"] for a in reversed(two)]


async def test_a_reports_station_that_is_locked_makes_only_its_own_batch_busy(town: Town) -> None:
    officer = await town.officer()
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM streams WHERE stream = 's2' FOR NO KEY UPDATE")
        busy, fine = await town.store.report([town.draft([officer], station="s2"), town.draft([officer])])
    assert (busy.ok, busy.reason, fine.ok) == (False, Refusal.BUSY, True)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_told_of_a_new_case_is_what_the_record_says(town: Town, seed: int) -> None:
    """The judge returns only what it was not sent; facts and state are put together from both."""
    drawn = random.Random(seed)
    free, off, busy = await town.officers(6), await town.officer(on=False), await town.officer()
    await town.claim(await town.report(busy), busy)
    drafts = [
        town.draft(
            drawn.sample([*free, off, busy, uuid4()], drawn.randint(0, 6)),
            station=drawn.choice(["s1", "s2"]),
            category=drawn.choice(["plain", "pair", "urgent"]),
            lat=drawn.uniform(-90, 90),
            lon=drawn.uniform(-180, 180),
            accuracy_m=drawn.choice([None, 0.0, drawn.uniform(0, 900)]),
            words=drawn.choice(["自行车被偷", "é 😀 'quoted' \\ \"x\""]),
            exercise=drawn.random() < 0.3,
            channel=drawn.choice(["web", "phone"]),
            noted=drawn.choice([{}, {"channel": "phone"}, {"advice": {"call": "police", "rules": ["fire"]}}]),
            last_wave=drawn.random() < 0.6,
            asks=drawn.choice([None, 1, 2]),
            desk_first=drawn.random() < 0.1,
        )
        for _ in range(24)
    ]
    for draft, answer in zip(drafts, await town.store.report(drafts), strict=True):
        told, read = answer.state, await town.state(draft.id)
        assert told is not None and read.age_ms >= told.age_ms, f"seed {seed}"
        same = msgspec.structs.replace(read, age_ms=told.age_ms, remaining_ms=told.remaining_ms)
        assert told == same, f"seed {seed}"
        assert read.remaining_ms is None or 0 <= (told.remaining_ms or 0) - read.remaining_ms < 5_000
        stream = await town.store.read_stream(draft.station, answer.facts[0].offset - 1, 2)
        for fact, kept in zip(answer.facts, stream, strict=True):
            assert (fact.to if kept.to else ()) == kept.to, f"seed {seed}"
            assert msgspec.structs.replace(fact, state=None, to=()) == msgspec.structs.replace(
                kept, state=None, to=(), asked=()
            )
        stored = await town.store.by_key(draft.scope, draft.key)
        assert answer.response == stored, f"seed {seed}"


async def test_an_officer_who_does_not_exist_is_asked_by_no_report_of_a_batch(town: Town) -> None:
    """Also where nobody else of the batch may not be asked."""
    one, two, nobody = await town.officer(), await town.officer(), uuid4()
    answers = await town.store.report([town.draft([one, nobody, two]), town.draft([two, one]), town.draft([one, one])])
    assert [a.facts[1].to for a in answers[:2]] == [(one, two), (two, one)]


async def test_a_pool_is_warmed_without_leaving_a_trace(town: Town) -> None:
    before = await town.owner.fetchval("SELECT count(*) FROM events")
    await town.store.warm()
    assert await town.owner.fetchval("SELECT count(*) FROM events") == before
