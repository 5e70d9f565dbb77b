"""The watch's looks, planned before the first case, read the seats that are held: no seat and no case that is over."""

from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import pytest

from tests.conftest import Database
from tests.contract.planned_early import planned_early, read_by
from tests.contract.small_town import claim, small_town

OVER: Final = 200
HELD: Final = 20
MOST: Final = 1_000  # as many as a look may bring
WATCHED: Final = "SELECT * FROM watched_seats($1)"
DUE: Final = "SELECT * FROM due_seats($1)"


@pytest.fixture
async def early(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    async for one in planned_early(database, (WATCHED, [MOST]), (DUE, [MOST])):
        yield one


async def test_what_is_held_is_found_from_its_seats_however_much_is_over(
    early: "asyncpg.Connection[asyncpg.Record]", database: Database
) -> None:
    async with small_town(database) as town:
        officers = await town.officers(OVER + HELD)
        cases = [await town.report(officer) for officer in officers]
        answers = await town.store.claim([claim(case, officer) for case, officer in zip(cases, officers, strict=True)])
        assert all(answer.ok for answer in answers)
        over, held = cases[:OVER], cases[OVER:]
        await town.owner.execute("UPDATE assignments SET active = false WHERE case_id = ANY ($1)", over)
        await town.owner.execute("UPDATE cases SET status = 'cleared' WHERE id = ANY ($1)", over)

        rows, read = await read_by(early, WATCHED, [MOST])
        assert [row["case_id"] for row in rows] == held, "the longest held first"
        assert max(read["assignments"], read["cases"]) <= HELD, read

        await town.owner.execute(
            "INSERT INTO deadlines (case_id, kind, due_at, station, round) "
            "SELECT id, 'welfare', now(), station, round FROM cases WHERE status = 'claimed'"
        )
        await town.owner.execute("UPDATE assignments SET watch = 'nudged', watch_due = now() WHERE active")
        rows, read = await read_by(early, DUE, [MOST])
        assert {row["case_id"] for row in rows} == set(held)
        assert max(read.values()) <= HELD, read
