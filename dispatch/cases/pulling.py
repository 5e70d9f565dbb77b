"""Pre-emption: the desk pulls an officer from a case to one of higher priority. Pure; SQL's twin is judge/pulling.sql.

Two cases change together or not at all: the one that is left has a new round with its age kept, the other its officer.
"""

from dataclasses import dataclass

from dispatch.cases.lifecycle import next_status
from dispatch.cases.values import CLOSED, Case, Event, OfficerState, Refusal, Status


@dataclass(frozen=True, slots=True)
class Pull:
    """The officer, and the two cases' priorities: 1 is the highest."""

    officer: OfficerState
    from_priority: int
    to_priority: int


def judge_pull(held: Case, wanted: Case, pull: Pull) -> Refusal | None:
    """Why not, or None. Both cases are of the desk that asks."""
    officer = pull.officer.id
    answers: tuple[tuple[bool, Refusal], ...] = (
        (Status.MERGED in (held.status, wanted.status), Refusal.MERGED),
        (held.status in CLOSED or wanted.status in CLOSED, Refusal.CLOSED),
        (all(h.officer != officer for h in held.holders), Refusal.STALE_FENCE),
        (held.status is Status.ON_SCENE, Refusal.ON_SCENE),
        (next_status(held.status, Event.PREEMPTED) is None, Refusal.ILLEGAL),
        (next_status(wanted.status, Event.ASSIGNED) is None, Refusal.ILLEGAL),
        (any(h.officer == officer for h in wanted.holders), Refusal.ALREADY_HELD),
        (pull.to_priority >= pull.from_priority, Refusal.NOT_HIGHER),
        (not pull.officer.on_duty, Refusal.OFF_DUTY),
    )
    return next((refusal for holds, refusal in answers if holds), None)
