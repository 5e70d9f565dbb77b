"""Every row of the table that a chaos run answers for, and what there is for each."""

from typing import Final

from scripts.chaos_rows import (
    a1,
    a3,
    bus_away,
    deliveries,
    deploys,
    edge,
    false_clocks,
    folds,
    gaps,
    hostile,
    kills,
    opened,
    overload,
    partitions,
    redis_away,
    resume,
    silent,
    slow,
    stale,
    storms,
    timers,
    tracking,
    twice,
    unanswered,
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
    storms.ROW,
    deploys.ROW,
    hostile.FRAMES,
    hostile.SIZES,
    bus_away.ROW,
    opened.ROW,
    silent.ROW,
    slow.ROW,
    tracking.ROW,
    unanswered.ROW,
    overload.ROW,  # behind the others of its fleet: hundreds of its cases stay at a desk where nobody is
    false_clocks.ROW,  # last: it asks for a fleet of its own
)

ELSEWHERE: Final = {
    "A13": "not part of a chaos run: it is a state machine test of its own against real PostgreSQL",
    "A14": "not part of a chaos run: tests/simulation runs the core in virtual time",
    "E7": "not part of a chaos run: tests/mutants applies the planted bugs to a copy",
    "E4": "not built: nothing of the service makes or restores backups yet",
    "E5": "not built: nothing of the service restores a copy yet; places of an older epoch are tried in B4",
    "E6": "not built: no soak of two hours",
}
NOT_BUILT: Final = "not built yet"
"""The reason of every other row that no piece of work shows."""
