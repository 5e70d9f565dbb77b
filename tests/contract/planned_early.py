"""Plans are kept for as long as a connection lives: what is planned over empty tables must not read all of them later.

A young town: all that its processes ask is asked once, on one connection, and taken back. Then months pass, and all is
asked again on the same connection. The database itself counts what each call reads, the statements inside its functions
included; nothing is hidden from its count by a scan of a whole table, those are off.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import asyncpg

from dispatch.adapters.postgres.pool import SESSION
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.facts import Answer
from scripts.growth.fill import FILL
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

OVER: Final = 1_000  # cases that are over, and other things of the past
STAFF: Final = 400
ON_DUTY: Final = STAFF // 4
OPEN: Final = 200  # cases: half at the desk, a quarter offered, a quarter held
HELD: Final = OPEN // 4

OFFICERS: Final = """
INSERT INTO officers (id, call_sign, surname, station, on_duty, duty_since)
SELECT md5('officer ' || n)::uuid, 'past-' || n, '李', 's1', n % 4 = 0, now() FROM generate_series(1, $1::integer) n"""
PAST: Final = Path(__file__).with_name("early_past.sql").read_text()
LEFT_ALONE: Final = """
DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'vault'::regnamespace)
    LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', t); END LOOP;
END $$"""
BELIEVED: Final = """
UPDATE pg_class k SET reltuples = b.rows, relpages = (b.rows > 0)::integer FROM (
    SELECT c.oid, coalesce(($1::jsonb ->> c.relname)::integer, -1) AS rows FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'vault'::regnamespace)) b
WHERE k.oid = b.oid OR k.oid IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = b.oid)"""
READ: Final = "SELECT relname, coalesce(idx_tup_fetch, 0) + seq_tup_read AS rows FROM pg_stat_xact_user_tables"

T = TypeVar("T")


class OneConnection:
    """As a pool of exactly one connection, which may stand in a transaction."""

    def __init__(self, one: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.one = one
        self.execute, self.fetch = one.execute, one.fetch

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        yield self.one


class Counted:
    """Awaits calls and keeps how many rows of each table each of them read at most. What is refused is no story."""

    def __init__(self, one: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._one = one
        self.read: dict[str, dict[str, int]] = {}

    async def __call__(self, name: str, call: Awaitable[T], *refused: str) -> T:
        before = dict(await self._one.fetch(READ))
        answer = await call
        after = dict(await self._one.fetch(READ))
        for one in answer if isinstance(answer, list) else [answer]:
            if isinstance(one, Answer):
                assert one.ok or one.reason in refused, f"{name}: {one.reason}"
        most = self.read.setdefault(name, {})
        for table, rows in after.items():
            most[table] = max(most.get(table, 0), rows - before.get(table, 0))
        return answer


Scene = Callable[[Town, Counted], Awaitable[None]]


async def later(
    database: Database, scenes: Sequence[Scene], believe: Callable[[], Awaitable[None]]
) -> Mapping[str, Mapping[str, int]]:
    """What each call of the scenes reads of each table after months, on a connection that has asked them all of a young
    town. `believe` sets what the planner believes of the empty tables. The scenes leave nothing behind."""
    owner = await asyncpg.connect(database.owner_url)
    one = await asyncpg.connect(database.app_url, server_settings=SESSION)
    try:
        await owner.execute(LEFT_ALONE)  # statistics make plans anew, at a moment that nobody chose
        await believe()
        async with small_town(database, size=1) as town:
            await town.owner.execute(
                "INSERT INTO categories (id, name, name_en, check_in_s) VALUES ('risky', '', '', 600)"
            )
        await _played(one, scenes)
        await owner.execute("SET synchronous_commit = off")
        await owner.execute(OFFICERS, STAFF)
        await owner.execute(FILL, 0, OVER, True, "s1", "plain")
        await owner.execute(FILL, OVER, OPEN, False, "s1", "plain")
        await owner.execute(PAST)
        return await _played(one, scenes)
    finally:
        await one.close()
        await owner.close()


async def _played(
    one: "asyncpg.Connection[asyncpg.Record]", scenes: Sequence[Scene]
) -> Mapping[str, Mapping[str, int]]:
    did, pool = Counted(one), OneConnection(one)
    for scene in scenes:
        transaction = one.transaction()
        await transaction.start()
        await scene(Town(PostgresCases(pool), pool, one), did)  # all that adapters ask of a pool
        await transaction.rollback()
    return did.read
