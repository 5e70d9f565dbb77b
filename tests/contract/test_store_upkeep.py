"""What processes write beside cases: that they live, and the way of an assigned officer; and whose session ended."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch.adapters.postgres import upkeep as postgres_upkeep
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.limits import IDEMPOTENCY_S, TRACK_KEPT_S
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
    assert (await upkeep.ended_sessions()).keys() == {sessions["ended"], sessions["expired"]}
    longer = await upkeep.ended_sessions(180.0)
    assert longer.keys() == {*sessions.values()} - {sessions["live"]}, "who was away for minutes asks for them"
    assert all(longer[one] == one.bytes for one in longer)


async def test_keys_of_acts_and_ways_go_when_their_time_is_over_and_keys_of_reports_stay(town: Town) -> None:
    """A batch at a time, oldest first; a report's key is what its receipt code is derived from."""
    await town.owner.execute("TRUNCATE track")
    ages_s = {"young": IDEMPOTENCY_S - 60, "old": IDEMPOTENCY_S + 1, "older": 10 * IDEMPOTENCY_S}
    for scope in ("report", f"officer:{uuid4()}"):
        for key, age_s in ages_s.items():
            await town.owner.execute(
                "INSERT INTO idempotency VALUES ($1, $2, 'x', '{}', clock_timestamp() - make_interval(secs => $3))",
                scope, key, age_s,
            )  # fmt: skip
    for age_s in (TRACK_KEPT_S - 60, TRACK_KEPT_S + 60):
        await town.owner.execute(
            "INSERT INTO track VALUES ($1, $1, clock_timestamp() - make_interval(secs => $2), 32, 118, 5)",
            uuid4(), age_s,
        )  # fmt: skip

    async def left() -> list[tuple[bool, str]]:
        kept = await town.owner.fetch(
            "SELECT scope = 'report', key FROM idempotency WHERE key = ANY ($1)", list(ages_s)
        )
        return sorted(tuple(row) for row in kept)

    reports = sorted((True, key) for key in ages_s)
    assert await town.owner.fetchval("SELECT prune($1, $2, 1)", IDEMPOTENCY_S, TRACK_KEPT_S) == 2
    assert await left() == sorted([*reports, (False, "young"), (False, "old")])
    assert await PostgresUpkeep(town.pool).prune() == 1
    assert await left() == sorted([*reports, (False, "young")])
    assert await town.owner.fetchval("SELECT count(*) FROM track") == 1
    assert await PostgresUpkeep(town.pool).prune() == 0


async def test_one_sweeper_prunes_at_a_time_and_the_others_do_not_wait(town: Town) -> None:
    async with town.owner.transaction():
        await town.owner.execute("SELECT pg_advisory_xact_lock(hashtext('onbeat prune'))")
        assert await PostgresUpkeep(town.pool).prune() == 0


async def test_ended_sessions_are_found_by_index_however_many_there_are(town: Town) -> None:
    plan = await town.pool.fetch(f"EXPLAIN {postgres_upkeep.ENDED}", 60.0)
    said = " ".join(row[0] for row in plan)
    assert said.count("Index Cond: ") == 2, said
