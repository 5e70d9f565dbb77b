"""Plans are kept for as long as a connection lives: what is planned over empty tables must not read all of them later.

A process warms its connections when it starts, perhaps before the first case ever. The database itself counts here
what a call's statements read by index; nothing else can be read, sequential scans are off.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from dispatch.adapters.postgres import claims, reports
from dispatch.adapters.postgres.pool import SESSION
from tests.conftest import Database
from tests.contract.small_town import Town, claim, small_town

CASES: Final = 400
BATCH: Final = 4
READ_MAX: Final = BATCH * 12  # rows of a table: locked, judged, joined with each of the batch, written; far from CASES
TABLES: Final = ("cases", "officers", "assignments", "waves", "idempotency", "events", "deadlines", "streams")
READ: Final = """
SELECT relname, coalesce(idx_tup_fetch, 0) + seq_tup_read AS rows FROM pg_stat_xact_user_tables
WHERE relname = ANY ($1) AND schemaname = 'public'"""


async def read_by(
    one: "asyncpg.Connection[asyncpg.Record]", ask: str, columns: list[object]
) -> tuple[list[asyncpg.Record], dict[str, int]]:
    """The answers of a call and how many rows of each table it read; rolled back."""
    transaction = one.transaction()
    await transaction.start()
    before = dict(await one.fetch(READ, TABLES))
    rows = await one.fetch(ask, *columns)
    after = dict(await one.fetch(READ, TABLES))
    await transaction.rollback()
    return rows, {name: after[name] - before.get(name, 0) for name in after}


async def filled(town: Town) -> tuple[list[UUID], list[UUID]]:
    """Cases and the officers whom each of them is offered to, all of them claimed before but the last BATCH."""
    officers = await town.officers(BATCH)
    cases = []
    for first in range(0, CASES, 100):
        drafts = [town.draft(officers) for _ in range(first, first + 100)]
        cases += [UUID(answer.response["case"]) for answer in await town.store.report(drafts)]
    for case in cases[:-BATCH]:
        await town.store.claim([claim(case, officers[0])])
    return cases[-BATCH:], officers


@pytest.fixture
async def early(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that has planned its calls over tables that the planner knows to be empty."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("ANALYZE")
    await owner.close()
    one = await asyncpg.connect(database.app_url, server_settings=SESSION)
    assert await one.fetchval("SELECT count(*) FROM cases") == 0, "of its own database"
    await one.fetch(claims.ASK, *claims.columns(()))
    await one.fetch(reports.ASK, *reports.columns(()))
    yield one
    await one.close()


async def test_a_call_planned_before_the_first_case_reads_its_own_rows_when_there_are_many(
    early: "asyncpg.Connection[asyncpg.Record]", database: Database
) -> None:
    async with small_town(database) as town:
        cases, officers = await filled(town)
        claimed = claims.columns([claim(c, o) for c, o in zip(cases, officers, strict=True)])
        rows, read = await read_by(early, claims.ASK, claimed)
        assert [row["ok"] for row in rows if row["idx"] != 0].count(True) == BATCH - 1  # the first has no slot left
        assert max(read.values()) <= READ_MAX, read
        drafts = [town.draft(officers) for _ in range(BATCH)]
        rows, read = await read_by(early, reports.ASK, reports.columns(drafts))
        assert len(rows) == BATCH
        assert max(read.values()) <= READ_MAX, read
