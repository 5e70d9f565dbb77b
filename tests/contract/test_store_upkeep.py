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


async def test_a_session_that_was_ended_or_has_expired_is_named_for_a_minute(town: Town) -> None:
    upkeep = PostgresUpkeep(town.pool)
    sessions = {name: uuid4() for name in ("ended", "expired", "long ended", "long expired", "live")}
    revoked = {"ended": "1 second", "long ended": "2 minutes"}
    expires = {"expired": "-1 second", "long expired": "-2 minutes"}
    for name, session in sessions.items():
        await town.owner.execute(
            "INSERT INTO sessions (id, token_mac, role, expires_at, revoked_at) VALUES ($1, $2, 'desk', "
            "now() + $4::text::interval, now() - $3::text::interval)",
            session, session.bytes, revoked.get(name), expires.get(name, "1 hour"),
        )  # fmt: skip
    assert await upkeep.ended_sessions() == {sessions["ended"], sessions["expired"]}
