"""Against a real PostgreSQL: the reply is cut after the commit, and the client cannot know it."""

from urllib.parse import urlsplit

import asyncpg
import pytest

from scripts.faults.proxy import FaultProxy
from scripts.faults.toxics import POSTGRES_COMMITTED, CutAfterCommit, Direction, ResetPeer
from tests.conftest import MakeDatabase

WAIT_S = 10.0


async def test_a_call_whose_reply_was_cut_is_committed_and_one_whose_request_was_cut_is_not(
    make_database: MakeDatabase,
) -> None:
    url = (await make_database("cut", empty=True)).owner_url
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    direct = await asyncpg.connect(url)
    await direct.execute("CREATE TABLE told (word text)")
    await direct.execute(
        "CREATE FUNCTION tell(text) RETURNS text LANGUAGE sql AS 'INSERT INTO told VALUES ($1) RETURNING word'"
    )
    async with FaultProxy((parts.hostname, parts.port)) as proxy:
        host, port = proxy.address
        for word, fault in (("kept", CutAfterCommit(POSTGRES_COMMITTED)), ("lost", ResetPeer())):
            through = await asyncpg.connect(url, host=host, port=port, timeout=WAIT_S)
            await through.fetchval("SELECT 1")
            # A statement that was not prepared before: its Parse and Describe are answered and pass.
            proxy.add(fault, Direction.UPSTREAM if fault == ResetPeer() else None)
            with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
                await through.fetchval("SELECT tell($1)", word, timeout=WAIT_S)
            proxy.heal()
            through.terminate()
        assert proxy.cuts == 2
    assert [row["word"] for row in await direct.fetch("SELECT word FROM told")] == ["kept"]
    await direct.close()
