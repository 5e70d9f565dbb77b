"""What processes write beside cases: that they live, and the way of an assigned officer; and whose session ended."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from tests.conftest import Database
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_a_role_lives_while_one_of_its_processes_beats(town: Town) -> None:
    upkeep = PostgresUpkeep(town.pool)
    assert await upkeep.living_roles() == set()
    for role in ("relay", "sweeper", "sweeper"):
        await upkeep.beat(uuid4().hex, role)
    assert await upkeep.living_roles() == {"relay", "sweeper"}
    await town.owner.execute("UPDATE heartbeats SET at = at - interval '7 seconds' WHERE role = 'relay'")
    assert await upkeep.living_roles() == {"sweeper"}


async def test_a_track_is_timed_by_the_database(town: Town) -> None:
    upkeep, case, officer = PostgresUpkeep(town.pool), uuid4(), uuid4()
    await upkeep.keep_track([(case, officer, 32.0, 118.0, 9.0), (case, uuid4(), 32.1, 118.1, 5.0)])
    await upkeep.keep_track([(case, officer, 32.2, 118.0, 9.0)])
    rows = await town.owner.fetch(
        "SELECT lat, at <= clock_timestamp() FROM track WHERE officer_id = $1 ORDER BY at", officer
    )
    assert [tuple(row) for row in rows] == [(32.0, True), (32.2, True)]


async def test_an_ended_session_is_named_for_some_seconds(town: Town) -> None:
    upkeep, ended, old = PostgresUpkeep(town.pool), uuid4(), uuid4()
    for session, ago in ((ended, "1 second"), (old, "1 minute"), (uuid4(), None)):
        await town.owner.execute(
            "INSERT INTO sessions (id, token_mac, role, expires_at, revoked_at) VALUES ($1, $2, 'desk', now(), "
            "now() - $3::text::interval)", session, session.bytes, ago,
        )  # fmt: skip
    assert await upkeep.ended_sessions() == {ended}
