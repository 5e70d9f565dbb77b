"""Claims on the real store: the first valid one wins, once, by the database's clock read after the lock."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreBusy
from dispatch.cases.values import Event, Refusal, Status
from dispatch.limits import LOCK_TIMEOUT_MS
from tests.conftest import Database
from tests.contract.small_town import Town, act, claim, key, small_town


@pytest.fixture(scope="module")
async def database_url(database: Database) -> str:
    return database.owner_url


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database, size=12) as town:
        yield town


def reasons(answers: list[Answer]) -> list[str | None]:
    return [a.reason for a in answers]


async def test_of_many_claims_at_once_exactly_one_wins(town: Town) -> None:
    officers = await town.officers(10)
    for _ in range(8):
        case = await town.report(*officers)
        answers = await asyncio.gather(*(town.claim(case, o) for o in officers))
        assert sorted(reasons(answers), key=str) == sorted([None, *[Refusal.TAKEN] * 9], key=str)
        assert len((await town.state(case)).holders) == 1
        await town.withdraw(case)


async def test_of_many_claims_in_one_batch_the_first_to_arrive_wins(town: Town) -> None:
    officers = await town.officers(5)
    case = await town.report(*officers)
    answers = await town.store.claim([claim(case, o) for o in officers])
    assert reasons(answers) == [None, *[Refusal.TAKEN] * 4]


async def test_two_seats_have_two_winners_and_no_third(town: Town) -> None:
    officers = await town.officers(4)
    case = await town.report(*officers, category="pair")
    answers = await asyncio.gather(*(town.claim(case, o) for o in officers))
    winners = [a for a in answers if a.ok]
    assert len(winners) == 2
    assert sorted(f.kind for a in winners for f in a.facts) == [Event.CLAIMED, Event.SEAT_FILLED]
    assert {h.seat for h in (await town.state(case)).holders} == {1, 2}


async def test_a_double_tap_hears_the_same_answer_and_holds_one_seat(town: Town) -> None:
    officer, key_ = await town.officer(), key()
    case = await town.report(officer, await town.officer(), category="pair")
    answers = [
        *await town.store.claim([claim(case, officer, 1, key_), claim(case, officer, 1, key_)]),
        await town.claim(case, officer, 1, key_),
    ]
    assert all(a.ok and a.response == answers[0].response for a in answers)
    assert [len(a.facts) for a in answers] == [1, 0, 0]
    assert (await town.claim(case, officer)).reason == Refusal.ALREADY_HELD
    stored = await town.store.by_key(f"officer:{officer}", key_)
    assert stored is not None and stored["won"]


async def test_a_key_of_another_claim_is_refused(town: Town) -> None:
    officer, key_ = await town.officer(), key()
    await town.claim(await town.report(officer), officer, 1, key_)
    other = await town.report(await town.officer())
    assert (await town.claim(other, officer, 1, key_)).reason == Refusal.KEY_REUSED


async def test_one_officer_with_two_offers_gets_as_many_as_there_are_slots(town: Town) -> None:
    one, two = await town.officer(), await town.officer(slots=2)
    cases = [await town.report(one, two) for _ in range(3)]
    taken = await asyncio.gather(*(town.claim(c, one) for c in cases))
    assert sorted(reasons(list(taken)), key=str) == sorted([None, *[Refusal.NO_SLOT] * 2], key=str)
    rest = [c for c, a in zip(cases, taken, strict=True) if not a.ok]
    assert reasons([await town.claim(c, two) for c in rest]) == [None, None]


async def test_claims_for_what_is_not_there_are_refused_and_stored(town: Town) -> None:
    officer, stranger, key_ = await town.officer(), await town.officer(), key()
    case = await town.report(officer)
    assert (await town.claim(uuid4(), officer, 1, key_)).reason == Refusal.NOT_FOUND
    assert (await town.claim(case, uuid4())).reason == Refusal.NOT_FOUND
    assert (await town.claim(case, stranger)).reason == Refusal.NOT_OFFERED
    assert (await town.claim(case, officer, 2)).reason == Refusal.STALE_ROUND
    assert (await town.store.by_key(f"officer:{officer}", key_) or {})["reason"] == Refusal.NOT_FOUND


async def test_a_claim_after_the_window_is_late_though_nobody_has_swept(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.pass_time(case)
    assert (await town.claim(case, officer)).reason == Refusal.LATE
    await town.store.fire("s1")
    assert (await town.claim(case, officer)).reason == Refusal.AT_DESK
    await town.withdraw(case)
    assert (await town.claim(case, officer)).reason == Refusal.WITHDRAWN


async def test_a_row_held_elsewhere_makes_only_its_own_claim_busy(town: Town) -> None:
    officers = await town.officers(3)
    held, free, other = [await town.report(o) for o in officers]
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", held)
        answers = await town.store.claim([claim(c, o) for c, o in zip((held, free, other), officers, strict=True)])
        with pytest.raises(StoreBusy):
            await town.store.act(act(held, "declined", officers[0], round=1))
    assert reasons(answers) == [Refusal.BUSY, None, None]
    assert (await town.claim(held, officers[0])).ok


@pytest.mark.parametrize("commits", [True, False], ids=["commits", "rolls back"])
async def test_a_claim_that_waited_for_a_lock_past_the_deadline_is_late(
    town: Town, database_url: str, commits: bool
) -> None:
    """The clock is read after the lock: with the call's or transaction's time, or without waiting, it would win."""
    officer = await town.officer()
    case = await town.report(officer, category="brief")  # 300 ms
    holder = await asyncpg.connect(database_url)
    holding = holder.transaction()
    await holding.start()
    await holder.execute("UPDATE cases SET words = words WHERE id = $1", case)
    claiming = asyncio.create_task(town.claim(case, officer))
    # The holder itself waits until the database's clock is past the deadline.
    await holder.execute(
        "SELECT pg_sleep(extract(epoch FROM offer_deadline - clock_timestamp()) + 0.02) FROM cases WHERE id = $1", case
    )
    waited = not claiming.done()
    await (holding.commit() if commits else holding.rollback())
    answer = await claiming
    await holder.close()
    assert (waited, answer.ok, answer.reason) == (True, False, Refusal.LATE)
    assert (await town.state(case)).holders == ()


async def test_a_claim_waits_for_a_lock_and_wins_when_the_window_is_still_open(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", case)
        claiming = asyncio.create_task(town.claim(case, officer))
        await town.owner.execute("SELECT pg_sleep(0.1)")
        assert not claiming.done()
    assert (await claiming).ok


async def test_claim_and_window_fired_at_once_never_both_succeed(town: Town) -> None:
    for _ in range(12):
        officer = await town.officer()
        case = await town.report(officer)
        await town.owner.execute(
            "UPDATE cases SET offer_deadline = clock_timestamp() + interval '3 milliseconds' WHERE id = $1", case
        )
        await town.owner.execute("UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1", case)
        claiming = asyncio.create_task(town.claim(case, officer))
        await asyncio.gather(claiming, *(town.store.fire("s1") for _ in range(3)))
        answer = claiming.result()
        kinds = await town.kinds(case)
        assert (Event.CLAIMED in kinds) == answer.ok and not (answer.ok and Event.FELL_BACK in kinds), kinds


async def test_even_a_wrong_judge_cannot_fill_a_seat_or_a_slot_twice(town: Town) -> None:
    """The backstops: the unique indexes, asked past every guard."""
    one, two = await town.officers(2)
    case, other = await town.report(one, two), await town.report(one)
    assert (await town.claim(case, one)).ok
    insert = (
        "INSERT INTO assignments (case_id, officer_id, seat, slot, round, fence, claimed_at) "
        "VALUES ($1, $2, $3, $4, 1, 9, now())"
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="assignments_seat"):
        await town.owner.execute(insert, case, two, 1, 1)
    with pytest.raises(asyncpg.UniqueViolationError, match="assignments_slot"):
        await town.owner.execute(insert, other, one, 1, 1)
    with pytest.raises(asyncpg.CheckViolationError):
        await town.owner.execute("UPDATE officers SET held = slots + 1 WHERE id = $1", one)
    assert (await town.state(case)).status is Status.CLAIMED


async def test_a_row_held_elsewhere_does_not_make_its_neighbours_late(town: Town) -> None:
    """They are judged again alone, at once: the neighbour's claim is granted long before the held row is free."""
    a, b = await town.officer(), await town.officer()
    held, free = await town.report(a), await town.report(b)
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", held)
        blocked, granted = await town.store.claim([claim(held, a), claim(free, b)])
        waited_ms = await town.owner.fetchval(
            """
            SELECT extract(epoch FROM c.claimed_at - c.received_at) * 1000 FROM cases c WHERE c.id = $1
            """,
            free,
        )
    assert (blocked.reason, granted.ok) == ("busy", True)
    assert waited_ms < LOCK_TIMEOUT_MS
