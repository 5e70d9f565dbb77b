"""Which rows a call reads, by PostgreSQL's own counters: scans of whole tables, and rows fetched.

`auto_explain` is not there and EXPLAIN does not look into functions; the counters see everything that really ran.
"""

from dataclasses import dataclass
from typing import Any, Final

BIG: Final = ("cases", "events", "waves", "assignments", "idempotency", "track", "sessions", "officers")
"""Tables that grow. `deadlines` holds open timers only, `streams` one row a station."""

READ: Final = """
SELECT relname, coalesce(seq_scan, 0) AS scans, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS rows
FROM pg_stat_user_tables WHERE relname = ANY ($1)"""


@dataclass(frozen=True, slots=True)
class Read:
    """Between two looks: tables that were scanned whole, and rows read of all."""

    scanned: tuple[str, ...]
    rows: int


class Scans:
    """Counters of one connection's work. `owner` looks, `worker` works: a pool of exactly one connection."""

    def __init__(self, owner: Any, worker: Any) -> None:
        self._owner, self._worker = owner, worker
        self._before: dict[str, tuple[int, int]] = {}

    async def begin(self) -> None:
        self._before = await self._look()

    async def end(self) -> Read:
        after = await self._look()
        scanned = tuple(sorted(name for name in after if after[name][0] > self._before[name][0]))
        return Read(scanned, sum(after[name][1] - self._before[name][1] for name in after))

    async def _look(self) -> dict[str, tuple[int, int]]:
        for one in (self._owner, self._worker):  # counted when the statement ends, not within somebody's work later
            await one.fetch("SELECT pg_stat_force_next_flush()")
        rows = await self._owner.fetch(READ, list(BIG))
        return {row["relname"]: (row["scans"], row["rows"]) for row in rows}
