"""History, chain and outbox in one row: no gap, no double, no forgery, and a cursor that cannot skip anything."""

import asyncio
import hashlib
import itertools
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from dispatch.adapters.postgres.cursors import PostgresCursors
from dispatch.cases.facts import Fact
from dispatch.streams.relaying import Relaying
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database, size=12) as town:
        yield town


class Posts:
    """A bus that only counts."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def post(self, payload: bytes) -> None:
        self.payloads.append(payload)


async def lives(town: Town, station: str, seed: int) -> list[UUID]:
    """A few cases from report to end, refusals and repeats among them."""
    cases = []
    rng = random.Random(seed)
    one, two = [await town.officer(station, slots=3) for _ in range(2)]
    for _ in range(6):
        case = await town.report(one, two, station=station)
        await asyncio.gather(town.claim(case, one), town.claim(case, two), town.claim(case, one, 7))
        holder = (await town.state(case)).holders[0]
        if rng.random() < 0.5:
            await town.act(case, "handed_back", holder.officer, fence=holder.fence, candidates=[one, two])
        await town.withdraw(case)
        cases.append(case)
    await town.duty(two, False)
    return cases


async def chain(town: Town, case: UUID) -> list[tuple[int, bytes, bytes]]:
    """Of each entry: its number, the hash computed here from what is stored, the hash that is stored."""
    rows = await town.owner.fetch(
        "SELECT seq, kind, actor, officer, at, body::text AS body, hash FROM events WHERE case_id = $1 ORDER BY seq",
        case,
    )
    head, found = b"", []
    for row in rows:
        at_us = (row["at"] - EPOCH) // timedelta(microseconds=1)
        said = [str(case), row["seq"], row["kind"], row["actor"], row["officer"], at_us, row["body"]]
        head = hashlib.sha256(head + "|".join(str(s) for s in said if s is not None).encode()).digest()
        found.append((row["seq"], head, row["hash"]))
        head = row["hash"]
    return found


async def test_streams_are_gap_free_while_many_write_at_once(town: Town) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    await asyncio.gather(*(lives(town, "s1" if n % 2 else "s2", seed + n) for n in range(6)))
    heads = (await town.store.heads()).offsets
    for stream in ("s1", "s2"):
        offsets = [r[0] for r in await town.owner.fetch(
            "SELECT stream_offset FROM events WHERE stream = $1 ORDER BY stream_offset", stream)]  # fmt: skip
        assert offsets == list(range(1, heads[stream] + 1)) and len(offsets) > 20
    numbers = await town.owner.fetch(
        "SELECT case_id, array_agg(seq ORDER BY seq) FROM events GROUP BY 1 HAVING case_id IS NOT NULL"
    )
    assert all(seqs == list(range(1, len(seqs) + 1)) for _, seqs in numbers)
    times = await town.owner.fetch("SELECT stream, at FROM events ORDER BY stream, stream_offset")
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(times) if a[0] == b[0])


async def test_a_call_that_failed_leaves_no_gap(town: Town) -> None:
    before = (await town.store.heads()).offsets["s1"]
    with pytest.raises(asyncpg.PostgresError):
        await town.store.report([town.draft([], words="x"), town.draft([], lat=91.0)])
    case = await town.at_desk()
    assert (await town.store.read_stream("s1", before, 10))[0].case == case
    assert (await town.store.heads()).offsets["s1"] == before + 2


async def test_every_chain_verifies_from_outside(town: Town) -> None:
    lived = [*await lives(town, "s1", 1), await town.at_desk()]
    cases = await town.owner.fetch("SELECT id, head, seq FROM cases WHERE id = ANY ($1)", lived)
    assert len(cases) == len(lived) > 5
    for row in cases:
        entries = await chain(town, row["id"])
        assert all(computed == stored for _, computed, stored in entries), row["id"]
        assert (entries[-1][0], entries[-1][2]) == (row["seq"], row["head"])


@pytest.mark.parametrize("column", ["kind", "actor", "at", "body"])
async def test_a_changed_entry_breaks_its_chain(town: Town, column: str) -> None:
    case = await town.at_desk()
    forged = {
        "kind": "'withdrawn'", "actor": "'desk:x'", "at": "at + interval '1 second'", "body": "body || '{\"lat\": 0}'",
    }[column]  # fmt: skip
    await town.owner.execute(f"UPDATE events SET {column} = {forged} WHERE case_id = $1 AND seq = 1", case)  # noqa: S608
    assert next(computed != stored for _, computed, stored in await chain(town, case))


async def test_an_entry_taken_out_breaks_its_chain(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.claim(case, officer)
    await town.owner.execute("DELETE FROM events WHERE case_id = $1 AND seq = 2", case)
    assert [computed == stored for _, computed, stored in await chain(town, case)] == [True, False]


async def test_the_services_role_cannot_rewrite_history(town: Town) -> None:
    for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events", "DELETE FROM cases"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await town.pool.execute(statement)


async def test_an_answers_facts_are_what_the_stream_says(town: Town) -> None:
    officer = await town.officer()
    (answer,) = await town.store.report([town.draft([officer])])
    read = await town.store.read_stream("s1", answer.facts[0].offset - 1, 10)
    assert [plain(f) for f in read] == [plain(f) for f in answer.facts]
    assert [f.to for f in read] == [(), (officer,)]


def plain(fact: Fact) -> tuple[object, ...]:
    return fact.stream, fact.offset, fact.case, fact.seq, fact.kind, fact.actor, fact.at_us, fact.body


async def test_a_claim_that_was_not_decided_leaves_no_entry(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    before = (await town.store.heads()).offsets["s1"]
    async with town.owner.transaction():
        await town.owner.execute("SELECT 1 FROM streams WHERE stream = 's1' FOR UPDATE")
        answer = await town.claim(case, officer)
    assert answer.reason == "busy" and (await town.store.heads()).offsets["s1"] == before


async def test_a_relay_publishes_what_nobody_did_and_its_successor_goes_on(town: Town) -> None:
    now, posts = [0.0], Posts()
    relay = Relaying(town.store, PostgresCursors(town.pool), posts, "relay", clock=lambda: now[0])
    await relay.start()
    await relay.turn()
    case = await town.at_desk()
    assert await relay.turn() == 0, "the committing process has a moment to publish by itself"
    now[0] += 0.2
    assert await relay.turn() == 2 and len(posts.payloads) == 1
    assert await relay.turn() == 0
    await town.withdraw(case)
    successor = Relaying(town.store, PostgresCursors(town.pool), posts, "relay 2", clock=lambda: now[0])
    await successor.start()
    await successor.turn()
    now[0] += 0.2
    assert await successor.turn() == 1


async def test_a_relay_that_heard_everything_is_silent(town: Town) -> None:
    now, posts = [0.0], Posts()
    relay = Relaying(town.store, PostgresCursors(town.pool), posts, "relay", clock=lambda: now[0])
    other = Relaying(town.store, PostgresCursors(town.pool), posts, "other", clock=lambda: now[0])
    await relay.start()
    await other.start()
    await other.turn()
    await town.at_desk()
    for _ in range(2):
        await other.turn()
        now[0] += 0.2
    for payload in posts.payloads:
        relay.heard(payload)
    for _ in range(3):
        assert await relay.turn() == 0
        now[0] += 0.2
