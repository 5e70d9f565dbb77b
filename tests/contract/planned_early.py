"""Plans are kept for as long as a connection lives: what is planned over empty tables must not read all of them later.

A process warms its connections when it starts, perhaps before the first case ever. The database itself counts here
what a call's statements read by index; nothing else can be read, sequential scans are off.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import asyncpg

from dispatch.adapters.postgres.pool import SESSION
from tests.conftest import Database

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


async def planned_early(
    database: Database, *calls: tuple[str, Sequence[Any]]
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that has planned these calls over tables that the planner knows to be empty."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("ANALYZE")
    await owner.close()
    one = await asyncpg.connect(database.app_url, server_settings=SESSION)
    assert await one.fetchval("SELECT count(*) FROM cases") == 0, "of its own database"
    for ask, values in calls:
        await one.fetch(ask, *values)
    yield one
    await one.close()
