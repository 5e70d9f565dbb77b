"""Where the relays stand, one row a stream."""

from collections.abc import Mapping

import asyncpg

from dispatch.adapters.postgres.pool import fetch

SAVE = """
INSERT INTO relay_cursors AS c (stream, stream_offset) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (stream) DO UPDATE SET stream_offset = excluded.stream_offset
WHERE c.stream_offset < excluded.stream_offset"""


class PostgresCursors:
    """`dispatch.streams.relaying.Cursors`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._saved: dict[str, int] = {}

    async def load(self) -> dict[str, int]:
        rows = await fetch(self._pool, "SELECT stream, stream_offset FROM relay_cursors")
        return {row[0]: row[1] for row in rows}

    async def save(self, cursors: Mapping[str, int]) -> None:
        moved = {s: o for s, o in sorted(cursors.items()) if self._saved.get(s) != o}
        if moved:
            await fetch(self._pool, SAVE, list(moved), list(moved.values()))
            self._saved.update(moved)
