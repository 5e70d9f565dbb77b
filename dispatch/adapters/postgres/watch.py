"""The watch's seats and steps on PostgreSQL."""

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.adapters.postgres.store import read_answer
from dispatch.cases.facts import Answer
from dispatch.limits import SWEEP_BATCH_MAX, WATCHED_MAX
from dispatch.watch.ports import WatchDraft, WatchedSeat

_encode = msgspec.json.Encoder().encode


class PostgresWatch:
    """`dispatch.watch.ports.WatchStore` on a pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def watched(self) -> list[WatchedSeat]:
        rows = await fetch(self._pool, "SELECT * FROM watched_seats($1)", WATCHED_MAX)
        return [WatchedSeat._make(row) for row in rows]

    async def due(self) -> list[WatchedSeat]:
        rows = await fetch(self._pool, "SELECT * FROM due_seats($1)", SWEEP_BATCH_MAX)
        return [WatchedSeat._make(row) for row in rows]

    async def watch(self, draft: WatchDraft) -> list[Answer]:
        rows = await fetch(self._pool, "SELECT * FROM watch_seat($1)", _encode(draft).decode())
        return [read_answer(row) for row in rows]
