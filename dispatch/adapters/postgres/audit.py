"""The audit in PostgreSQL: entries beside the cases, what a witness reads, one moment of all of it for who verifies."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.audit.chains import Act, Chain, Reading
from dispatch.audit.ports import Noted, Now, Person, Words
from dispatch.audit.tree import Head

ACT: Final = """
SELECT stream, stream_offset, case_id, seq, kind, actor, officer, (extract(epoch FROM at) * 1000000)::bigint,
    coalesce(body::text, ''), hash FROM events"""
ACTS: Final = ACT + " WHERE stream = $1 AND stream_offset > $2 AND stream_offset <= $3 ORDER BY stream_offset LIMIT $4"
# What somebody nulled reads as 0 or as nothing, which no true row holds: a problem to name, and no error to die of.
WHOLE: Final = ACT.replace("SELECT stream, stream_offset", "SELECT coalesce(stream, ''), coalesce(stream_offset, 0)")
BY_STREAM: Final = WHOLE + " ORDER BY stream, stream_offset"
BY_CASE: Final = """
SELECT coalesce(e.stream, ''), coalesce(e.stream_offset, 0), e.case_id, coalesce(e.seq, 0), e.kind, e.actor, e.officer,
    (extract(epoch FROM e.at) * 1000000)::bigint, coalesce(e.body::text, ''), e.hash,
    CASE WHEN e.seq = 1 THEN c.words ELSE l.words END, CASE WHEN e.seq = 1 THEN c.words_salt ELSE l.salt END
FROM events e LEFT JOIN cases c ON c.id = e.case_id AND e.seq = 1
LEFT JOIN talk_lines l ON l.case_id = e.case_id AND l.seq = e.seq
WHERE e.case_id IS NOT NULL ORDER BY e.case_id, e.seq"""
READING: Final = (
    "SELECT coalesce(chain, ''), coalesce(seq, 0), (extract(epoch FROM at) * 1000000)::bigint, actor, act, "
    "coalesce(body::text, ''), coalesce(hash, ''::bytea) FROM audit"
)
PAGE: Final = READING + " WHERE chain = $1 AND seq < coalesce($2, 2147483647) ORDER BY seq DESC LIMIT $3"
PEOPLE: Final = """
SELECT a.id, a.officer, a.login, o.call_sign FROM accounts a
LEFT JOIN LATERAL (SELECT f.call_sign FROM officers f WHERE f.id = a.officer OFFSET 0) o ON true
WHERE a.id = ANY ($1::uuid[]) OR a.officer = ANY ($1::uuid[])"""
READINGS: Final = READING + " ORDER BY chain, seq"
CHANGES: Final = """
SELECT e.seq, c.id, e.seq IS NOT NULL AND (e.actor, e.act, e.body ->> 'subject', e.body ->> 'verb', e.body ->> 'sha256')
    IS NOT DISTINCT FROM (c.actor, 'change_' || c.kind, c.subject, c.verb,
        encode(sha256(convert_to(jsonb_build_array(c.reason, c.before, c.after)::text, 'UTF8')), 'hex'))
FROM (SELECT * FROM audit WHERE chain = 'town' AND act LIKE 'change\\_%') e
FULL JOIN changes c ON c.id::text = e.body ->> 'change' ORDER BY e.seq NULLS LAST, c.id"""
NOW: Final = """
SELECT (SELECT epoch::text FROM meta), extract(epoch FROM clock_timestamp())::bigint,
    (SELECT coalesce(jsonb_object_agg(stream, next_offset), '{}') FROM streams)::text"""
MOVED: Final = """
SELECT c.chain, c.seq, c.head FROM (
    SELECT DISTINCT e.chain FROM (SELECT chain FROM audit WHERE at >= to_timestamp($1) OFFSET 0) e) m,
LATERAL (SELECT * FROM audit_chains k WHERE k.chain = m.chain OFFSET 0) c"""
ALL: Final = "SELECT chain, seq, head FROM audit_chains"
ENDS: Final = "SELECT 'case:' || id, seq, head FROM cases UNION ALL SELECT chain, seq, head FROM audit_chains"
PREFETCH: Final = 2_000

_encode = msgspec.json.Encoder().encode
_offsets = msgspec.json.Decoder(dict[str, int]).decode


class PostgresJournal:
    """`Journal` and `WitnessStore` on a pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def enter(self, chain: Chain, actor: str, act: str, body: Mapping[str, Any]) -> None:
        await fetch(self._pool, "SELECT audit_entry($1, $2, $3, $4)", chain, actor, act, _encode(body).decode())

    async def entries(self, chain: Chain, before: int | None, count: int) -> list[Reading]:
        rows = await fetch(self._pool, PAGE, chain, before, count)
        return [_reading(row) for row in rows]

    async def people(self, ids: Sequence[UUID]) -> dict[UUID, Person]:
        rows = await fetch(self._pool, PEOPLE, list(ids)) if ids else []
        asked, found = set(ids), dict[UUID, Person]()
        for row in rows:
            known = Person(row["id"], row["login"], row["call_sign"])
            found |= {one: known for one in (row["id"], row["officer"]) if one in asked}
        return found

    async def now(self) -> Now:
        (row,) = await fetch(self._pool, NOW)
        return Now(row[0], row[1], _offsets(row[2]))

    async def acts(self, stream: str, after: int, upto: int, count: int) -> list[Act]:
        rows = await fetch(self._pool, ACTS, stream, after, upto, count)
        return [Act(*row) for row in rows]

    async def moved(self, since: int) -> dict[Chain, Head]:
        rows = await fetch(self._pool, MOVED, since) if since else await fetch(self._pool, ALL)
        return {Chain(row[0]): Head(row[1], row[2]) for row in rows}


class PostgresAudited:
    """`AuditedStore` on an address of its own: a verifier may be anybody who can read the tables."""

    def __init__(self, dsn: str, connect_s: float = 10.0) -> None:
        self._dsn, self._connect_s = dsn, connect_s

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["PostgresSnapshot"]:
        """Raises: asyncpg's and OS errors."""
        connection = await asyncpg.connect(self._dsn, timeout=self._connect_s, server_settings={"timezone": "UTC"})
        try:
            await connection.execute("SET statement_timeout = 0")  # a whole history takes longer than a call may
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield PostgresSnapshot(connection)
        finally:
            await connection.close(timeout=self._connect_s)


class PostgresSnapshot:
    """`Snapshot` on a connection inside a transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def by_stream(self) -> AsyncIterator[Act]:
        async for row in self._rows(BY_STREAM):
            yield Act(*row)

    async def by_case(self) -> AsyncIterator[tuple[Act, Words | None]]:
        async for row in self._rows(BY_CASE):
            words = None if row[10] is None else Words(row[10], row[11])
            yield Act(*tuple(row)[:10]), words

    async def readings(self) -> AsyncIterator[Reading]:
        async for row in self._rows(READINGS):
            yield _reading(row)

    async def changes(self) -> AsyncIterator[Noted]:
        async for row in self._rows(CHANGES):  # not by the database's own function: who edits rows edits that too
            yield row[0], row[1], row[2]

    async def ends(self) -> AsyncIterator[tuple[Chain, Head]]:
        async for row in self._rows(ENDS):
            yield Chain(row[0]), Head(row[1], row[2])

    async def _rows(self, query: str) -> AsyncIterator[Any]:
        async for row in self._connection.cursor(query, prefetch=PREFETCH):
            yield row


def _reading(row: Any) -> Reading:
    return Reading(Chain(row[0]), row[1], row[2], row[3], row[4], row[5], row[6])
