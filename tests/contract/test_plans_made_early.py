"""The judge's batched calls, planned before the first case, read the rows of their batch alone."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from dispatch.adapters.postgres import claims, reports
from tests.conftest import Database
from tests.contract.planned_early import planned_early, read_by
from tests.contract.small_town import Town, claim, small_town

CASES: Final = 400
BATCH: Final = 4
READ_MAX: Final = BATCH * 12  # rows of a table: locked, judged, joined with each of the batch, written; far from CASES


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
    async for one in planned_early(database, (claims.ASK, claims.columns(())), (reports.ASK, reports.columns(()))):
        yield one


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
