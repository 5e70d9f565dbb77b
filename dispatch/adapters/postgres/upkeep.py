"""What processes write and read beside cases: that they live, whose session ended, the way of an assigned officer."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from dispatch.adapters.postgres.pool import connection, fetch
from dispatch.limits import (
    CODE_S,
    CONFIRMED_S,
    ENDED_LOOK_S,
    IDEMPOTENCY_S,
    PRUNE_ROWS_MAX,
    SESSION_SEEN_S,
    SESSIONS_SEEN_MAX,
    TRACK_KEPT_S,
    TRUST_DAYS,
)

# The clock in a SELECT of its own is read once: compared with a clock that moves, every row would be read.
ENDED: Final = """
SELECT id, token_mac FROM sessions WHERE revoked_at > (SELECT clock_timestamp() - make_interval(secs => $1))
UNION ALL SELECT id, token_mac FROM sessions
WHERE expires_at BETWEEN (SELECT clock_timestamp() - make_interval(secs => $1)) AND (SELECT clock_timestamp())"""
SEEN: Final = """
UPDATE sessions SET seen_at = clock_timestamp() WHERE id = ANY (ARRAY(
    SELECT id FROM sessions WHERE id = ANY (ARRAY(
        SELECT s.id FROM (SELECT * FROM sessions WHERE id = ANY ($1::uuid[]) OFFSET 0) s
        WHERE s.account IS NOT NULL AND s.revoked_at IS NULL
            AND s.seen_at < clock_timestamp() - make_interval(secs => $2) LIMIT $3))
    AND seen_at < (SELECT clock_timestamp() - make_interval(secs => $2)) FOR UPDATE SKIP LOCKED))
RETURNING id"""
BEAT: Final = "SELECT beat($1, $2), extract(epoch FROM clock_timestamp())::float8 AS at_s"
TRACK: Final = """
INSERT INTO track (case_id, officer_id, at, lat, lon, accuracy_m)
SELECT c, o, clock_timestamp(), lat, lon, m FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::float8[], $5::real[])
q (c, o, lat, lon, m) ON CONFLICT DO NOTHING"""

Trace = tuple[UUID, UUID, float, float, float]
"""Case, officer, degrees of latitude and longitude, metres of accuracy."""


class PostgresUpkeep:
    """Every method raises StoreAway or StoreBusy."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def beat(self, instance: str, role: str) -> float:
        """This process lives; the database's Unix seconds."""
        [row] = await fetch(self._pool, BEAT, instance, role)
        return float(row["at_s"])

    async def living_roles(self) -> set[str]:
        """Roles of which a process lives."""
        return {row[0] for row in await fetch(self._pool, "SELECT * FROM living_roles()")}

    async def ended_sessions(self, within_s: float = ENDED_LOOK_S) -> dict[UUID, bytes]:
        """Sessions that were ended, or came to their end, within the last seconds; the MACs of their tokens."""
        return {row["id"]: row["token_mac"] for row in await fetch(self._pool, ENDED, within_s)}

    async def seen(self, sessions: Sequence[UUID]) -> int:
        """These are used: a socket of theirs is open. How many rows were written, at most SESSIONS_SEEN_MAX."""
        rows = await fetch(self._pool, SEEN, list(sessions), float(SESSION_SEEN_S), SESSIONS_SEEN_MAX)
        return len(rows)

    async def keep_track(self, traces: Sequence[Trace]) -> None:
        """Writes where assigned officers are now. May lose the last moment in a crash: nothing is decided by it."""
        async with connection(self._pool) as one, one.transaction():
            await one.execute("SET LOCAL synchronous_commit = off")
            await one.execute(TRACK, *map(list, zip(*traces, strict=True)))

    async def prune(self) -> int:
        """Removes what has had its time, at most PRUNE_ROWS_MAX of a kind; how many rows. 0: nothing is left to do."""
        rows = await fetch(self._pool, "SELECT prune($1, $2, $3)", IDEMPOTENCY_S, TRACK_KEPT_S, PRUNE_ROWS_MAX)
        codes = await fetch(self._pool, "SELECT prune_codes($1, $2)", CONFIRMED_S + 2 * CODE_S, PRUNE_ROWS_MAX)
        histories = await fetch(self._pool, "SELECT prune_histories($1, $2)", TRUST_DAYS, PRUNE_ROWS_MAX)
        return int(rows[0][0]) + int(codes[0][0]) + int(histories[0][0])
