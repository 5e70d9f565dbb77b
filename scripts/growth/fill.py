"""Fills a town's database with a past, or with open cases, by the hundred thousand (`fill.sql`)."""

from pathlib import Path
from typing import Any, Final

FILL: Final = Path(__file__).with_name("fill.sql").read_text()
CHUNK: Final = 50_000  # cases of one statement
ENTRIES: Final = 6  # of a cleared case


async def fill(connection: Any, first: int, count: int, *, closed: bool, statistics: bool = True) -> None:
    """Cases `first` to `first + count - 1`, then statistics, as autovacuum would have left them: they make plans anew.

    `connection`: the owner's. Nobody need publish what is filled: the relay's cursor stands behind it.
    """
    await connection.execute("SET synchronous_commit = off")
    for start in range(first, first + count, CHUNK):
        some = min(CHUNK, first + count - start)
        await connection.execute(FILL, start, some, closed, "bench", "bench", timeout=600)
    await connection.execute(
        "INSERT INTO relay_cursors SELECT stream, next_offset FROM streams "
        "ON CONFLICT (stream) DO UPDATE SET stream_offset = excluded.stream_offset"
    )
    if not statistics:
        return
    for table in ("cases", "waves", "events", "assignments", "idempotency", "track", "deadlines"):
        await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=1200)
