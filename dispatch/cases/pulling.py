"""Pre-emption: the desk pulls an officer from a case to one of higher priority. Pure; SQL's twin is judge/pulling.sql.

Two cases change together or not at all: the one that is left has a new round with its age kept, the other its officer.
Where others are on scene they go on, and nobody else is asked by itself.
"""

from dataclasses import dataclass

from dispatch.cases import desk_acts
from dispatch.cases.lifecycle import next_status
from dispatch.cases.values import CLOSED, Case, Event, OfficerId, OfficerState, Refusal, Status


@dataclass(frozen=True, slots=True)
class Pull:
    """The officer, and the two cases' priorities: 1 is the highest. `asked`: whether all is well with the officer was
    asked on any case, and not answered."""

    officer: OfficerState
    from_priority: int
    to_priority: int
    asked: bool = False


def judge_pull(held: Case, wanted: Case, pull: Pull) -> Refusal | None:
    """Why not, or None. Both cases are of the desk that asks.

    Whoever was asked whether all is well, and has not said so, is sent to nothing worse: the check would end with the
    seat, and nobody would look.
    """
    officer = pull.officer.id
    answers: tuple[tuple[bool, Refusal], ...] = (
        (Status.MERGED in (held.status, wanted.status), Refusal.MERGED),
        (held.status in CLOSED or wanted.status in CLOSED, Refusal.CLOSED),
        (all(h.officer != officer for h in held.holders), Refusal.STALE_FENCE),
        (officer in held.there, Refusal.ON_SCENE),
        (next_status(held.status, leaves_by(held, officer)) is None, Refusal.ILLEGAL),
        (next_status(wanted.status, Event.ASSIGNED) is None, Refusal.ILLEGAL),
        (any(h.officer == officer for h in wanted.holders), Refusal.ALREADY_HELD),
        (pull.to_priority >= pull.from_priority, Refusal.NOT_HIGHER),
        (pull.asked, Refusal.CHECK_OPEN),
        (not pull.officer.on_duty, Refusal.OFF_DUTY),
    )
    return next((refusal for holds, refusal in answers if holds), None)


def leaves_by(held: Case, officer: OfficerId) -> Event:
    """How the officer leaves: once somebody has been on scene as whoever the desk takes back."""
    return desk_acts.taken_back(held, officer) if held.status is Status.ON_SCENE else Event.PREEMPTED
