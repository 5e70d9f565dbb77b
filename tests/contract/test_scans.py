"""The counters under the growth curves tell of a connection's work in its own time, and of nobody else's."""

import asyncpg
import pytest

from dispatch.adapters.postgres.pool import connect_pool
from scripts.growth.scans import Scans
from tests.conftest import Database

ALL = "SELECT (SELECT count(*) FROM cases WHERE words LIKE '%nothing of the kind%')"


@pytest.mark.parametrize(("planted", "scanned"), [(False, ()), (True, ("cases",))])
async def test_what_whoever_looks_read_before_is_not_counted_as_the_work_looked_at(
    database: Database, planted: bool, scanned: tuple[str, ...]
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    pool = await connect_pool(database.app_url, size=1)
    try:
        scans = Scans(owner, pool)
        await owner.fetch("SELECT pg_stat_force_next_flush()")
        await owner.fetch(ALL)  # kept back by the server for up to a second
        await scans.begin()
        if planted:
            await pool.fetch(ALL)
        await owner.fetch("SELECT pg_stat_force_next_flush()")
        assert (await scans.end()).scanned == scanned
    finally:
        await pool.close()
        await owner.close()
