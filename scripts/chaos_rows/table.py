"""Every row of the table that a chaos run answers for, and what there is for each."""

from typing import Final

from scripts.chaos_rows import (
    a1,
    a3,
    deliveries,
    edge,
    false_clocks,
    folds,
    gaps,
    kills,
    partitions,
    redis_away,
    resume,
    stale,
    timers,
    twice,
)
from scripts.chaos_rows.tally import Row

ROWS: Final[tuple[Row, ...]] = (
    a1.ROW,
    partitions.ROW,
    a3.ROW,
    edge.ROW,
    timers.ROW,
    kills.PROCESSES,
    redis_away.ROW,
    kills.DATABASES,
    twice.ROW,
    stale.ROW,
    deliveries.ROW,
    resume.ROW,
    folds.ROW,
    gaps.ROW,
    false_clocks.ROW,  # last: it asks for a fleet of its own
)

ELSEWHERE: Final = {
    "A13": "not part of a chaos run: it is a state machine test of its own against real PostgreSQL",
    "A14": "not part of a chaos run: tests/simulation runs the core in virtual time",
    "E7": "not part of a chaos run: tests/mutants applies the planted bugs to a copy",
}
NOT_BUILT: Final = "not built yet"
"""The reason of every other row that no piece of work shows."""
