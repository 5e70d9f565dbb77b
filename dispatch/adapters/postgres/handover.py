"""The hand-over list, read in one statement."""

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.handover import HandOver
from dispatch.limits import SNAPSHOT_ITEMS_MAX

_decode = msgspec.json.Decoder(HandOver).decode


class PostgresHandOver:
    """`dispatch.cases.handover.HandOverList` on a pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def of(self, station: str) -> HandOver:
        (row,) = await fetch(self._pool, "SELECT hand_over($1, $2)", station, SNAPSHOT_ITEMS_MAX)
        return _decode(row[0])
