"""Claims judged together get what the same claims get one after another, and leave the same rows behind.

Each drawn batch is judged twice on the real store, whole and claim by claim, both from the same rows and at the same
microsecond; what the first left is rolled back before the second.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import pytest

from dispatch.adapters.postgres.pool import SESSION
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.facts import Answer
from dispatch.cases.ports import ClaimDraft
from dispatch.cases.values import Refusal
from tests.conftest import Database
from tests.contract.stores import HASH, OTHER_HASH, Twins, a_town, twins
from tests.contract.stores import Town as Street

BATCHES: Final = 32
CLAIMS_MAX: Final = 24
LEFT: Final = {  # what a claim may change; not its drawn word, nor a number from a sequence, which never turns back
    "cases": "SELECT * FROM cases ORDER BY id",
    "assignments": "SELECT case_id, officer_id, seat, slot, round, fence, state, active, claimed_at, "
    "row_number() OVER (ORDER BY id) FROM assignments ORDER BY id",
    "officers": "SELECT * FROM officers ORDER BY id",
    "streams": "SELECT * FROM streams ORDER BY stream",
    "events": "SELECT * FROM events ORDER BY stream, stream_offset",
    "keys": "SELECT scope, key, request_hash, response FROM idempotency ORDER BY scope, key",
    "deadlines": "SELECT * FROM deadlines ORDER BY case_id, kind",
}


class OneConnection:
    """Lends the one connection whose transaction is rolled back in the end."""

    def __init__(self, one: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._one = one

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        yield self._one


@pytest.fixture(scope="module")
async def both(database: Database) -> AsyncIterator[Twins]:
    """PostgreSQL's side is used alone: its clock stands still."""
    async with twins(database) as both:
        yield both


@pytest.fixture
async def judging(both: Twins, database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    one = await asyncpg.connect(database.app_url, server_settings=SESSION)
    yield one
    await one.close()


async def a_street(both: Twins, number: int) -> tuple[Street, list[UUID]]:
    """Officers with one to three slots, one of whom goes off duty, and cases in every standing that claims meet."""
    town = await a_town(both.postgres, number, prefix=f"t{number}x", officers=7)
    owner, dice = both.postgres.pool, town.dice
    for officer in town.officers:
        await owner.execute("UPDATE officers SET slots = $2 WHERE id = $1", officer.id, dice.choice((1, 1, 2, 3)))
    asked = [o.id for o in town.officers[:-2]]  # the last goes on no duty, the one before is never asked
    cases = []
    for standing in ("open", "open", "two", "two", "half", "half", "abroad", *dice.sample(STANDINGS, 5)):
        category = f"{town.stations[0]}-{'two' if standing in ('two', 'half', 'lead') else 'one'}"
        station = town.stations[standing == "abroad"]
        case, _ = await town.reported(*asked, category=category, station=station)
        cases.append(case)
        if standing in ("half", "held"):
            await town.store.claim([town.claim(case, dice.choice(asked))])
        elif standing in CHANGED:
            await owner.execute(CHANGED[standing], case)
    await owner.execute("UPDATE officers SET on_duty = false WHERE id = $1", asked[0])
    return town, cases


CHANGED: Final = {
    "late": "UPDATE cases SET offer_deadline = stopped.clock_timestamp() WHERE id = $1",
    "declined": "UPDATE cases SET declined = (SELECT recipients[1:4] FROM waves WHERE case_id = $1) WHERE id = $1",
    "handed back": "UPDATE cases SET handed_back = (SELECT recipients[2:5] FROM waves WHERE case_id = $1) "
    "WHERE id = $1",
    "second round": "UPDATE cases SET round = 2 WHERE id = $1",
    "at the desk": "UPDATE cases SET status = 'at_station' WHERE id = $1",
    "withdrawn": "UPDATE cases SET status = 'withdrawn' WHERE id = $1",
    "cleared": "UPDATE cases SET status = 'cleared' WHERE id = $1",
    "merged": "UPDATE cases SET status = 'merged', merged_into = id WHERE id = $1",
    "lead": "UPDATE cases SET reports = ARRAY[id] WHERE id = $1",
}
STANDINGS: Final = (*sorted(CHANGED), "held")


def drawn(town: Street, cases: Sequence[UUID]) -> list[ClaimDraft]:
    """Claims for few cases by few officers; now and then for nothing, by nobody, of an old round, with a used key."""
    dice, batch = town.dice, list[ClaimDraft]()
    some = dice.sample(cases, dice.randint(1, len(cases)))
    for _ in range(dice.randint(1, CLAIMS_MAX)):
        case, officer = dice.choice(some), dice.choice(town.officers).id
        if dice.random() < 0.04:
            case = town.uuid()
        if dice.random() < 0.04:
            officer = town.uuid()
        draft = town.claim(case, officer, dice.choices((1, 2, 0), (20, 1, 1))[0])
        if batch and dice.random() < 0.15:
            before = dice.choice(batch)
            draft.officer, draft.key = before.officer, before.key
            draft.case, draft.hash = (draft.case, OTHER_HASH) if dice.random() < 0.5 else (before.case, before.hash)
        batch.append(draft)
    return batch


async def judged(
    one: "asyncpg.Connection[asyncpg.Record]", batches: Sequence[Sequence[ClaimDraft]]
) -> tuple[list[Any], dict[str, list[tuple[Any, ...]]]]:
    """The answers, and the rows as they are afterwards; then as if nothing had been."""
    store: Any = PostgresCases(OneConnection(one))
    transaction = one.transaction()
    await transaction.start()
    try:
        answers = [answer for batch in batches for answer in await store.claim(batch)]
        rows = {name: [tuple(row) for row in await one.fetch(query)] for name, query in LEFT.items()}
    finally:
        await transaction.rollback()
    return [without_words(answer) for answer in answers], rows


def without_words(answer: Answer) -> Any:
    """As plain values, without the words of assignments, which are drawn."""
    plain = msgspec.to_builtins(answer)
    for state in (plain["state"], *(fact["state"] for fact in plain["facts"])):
        for holder in state["holders"] if state else ():
            del holder["word"]
    return plain


HEARD: Final = {
    None, Refusal.CLOSED, Refusal.WITHDRAWN, Refusal.MERGED, Refusal.ALREADY_HELD, Refusal.STALE_ROUND,
    Refusal.NOT_OFFERED, Refusal.AT_DESK, Refusal.TAKEN, Refusal.LATE, Refusal.DECLINED, Refusal.HANDED_BACK,
    Refusal.OFF_DUTY, Refusal.NO_SLOT, Refusal.NOT_FOUND, Refusal.KEY_REUSED,
}  # fmt: skip
"""Every answer that a claim can get: the draws are wide enough."""


async def test_a_batch_of_claims_gets_what_the_same_claims_get_one_by_one(
    both: Twins, judging: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    heard, kinds = set[str | None](), set[str]()
    for number in range(BATCHES):
        await both.tick(40_000)
        town, cases = await a_street(both, number)
        batch = drawn(town, cases)
        together, left = await judged(judging, [batch])
        alone, left_alone = await judged(judging, [[draft] for draft in batch])
        for nr, (a, b) in enumerate(zip(together, alone, strict=True)):
            assert a == b, f"batch {number}, claim {nr} of {len(batch)}"
        for table, rows in left.items():
            assert rows == left_alone[table], f"batch {number}: {table}"
        heard |= {answer["reason"] for answer in together}
        kinds |= {fact["kind"] for answer in together for fact in answer["facts"]}
    assert heard == HEARD
    assert kinds == {"claimed", "seat_filled"}


async def test_a_crowd_before_one_case_is_decided_in_two_steps_not_one_a_claim(
    both: Twins, judging: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """The first wins; all others are refused together, by the rows as the winner left them."""
    town = await a_town(both.postgres, 900, prefix="t900x", officers=6)
    case, _ = await town.reported(*(o.id for o in town.officers))
    batch = [town.claim(case, officer.id) for officer in town.officers[:5]] * 8
    batch = [town.claim(draft.case, draft.officer) for draft in batch]
    columns = ([d.case for d in batch], [d.officer for d in batch], [1] * len(batch), [d.key for d in batch],
               [bytes.fromhex(HASH)] * len(batch))  # fmt: skip
    ask = "SELECT apart($1, $2, $3, $4, $5, stopped.clock_timestamp())"
    assert await judging.fetchval(ask, *columns) == 1
    transaction = judging.transaction()
    await transaction.start()
    first = PostgresCases(OneConnection(judging))
    assert (await first.claim(batch[:1]))[0].ok
    rest = [column[1:] for column in columns]
    assert await judging.fetchval(ask, *rest) == len(batch) - 1
    await transaction.rollback()
