"""The end of a case and what may follow it: who may call it a hoax, the objection, who decides after one, the rating.

Pure, a part of the machine: `judge` is asked after all other guards, `ended` when a case has been moved on.
judge/closing.sql asks the same questions in the same order.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dispatch.cases.values import Actor, Case, Disposition, End, Event, Happened, Refusal, Status
from dispatch.limits import OBJECTION_S

if TYPE_CHECKING:
    from dispatch.cases.machine import Act

STAFF: Final = frozenset({Actor.DESK, Actor.SUPERVISOR})
OBJECTION: Final = timedelta(seconds=OBJECTION_S)


def judge(case: Case, act: "Act", now: datetime) -> Refusal | None:
    """Why not, or None. The time for an objection is half-open: at exactly its end it is overdue.

    Only a supervisor calls a case a hoax. What the reporter objected to waits for a supervisor, never for the one whose
    hoax it was; the desk may write to the reporter meanwhile.
    """
    event, end = act.event, case.end
    if event is Event.OBJECTED and (end.closed_at is None or now >= end.closed_at + OBJECTION):
        return Refusal.OVERDUE
    if event is Event.RATED and end.stars is not None:
        return Refusal.RATED_BEFORE
    if act.disposition is Disposition.HOAX and act.actor is not Actor.SUPERVISOR:
        return Refusal.SUPERVISOR_ONLY
    waits = end.objected and case.status is Status.AT_STATION and event is not Event.SAID
    if act.actor in STAFF and (waits or event is Event.RECLASSIFIED):
        if act.actor is not Actor.SUPERVISOR:
            return Refusal.SUPERVISOR_ONLY
        if act.by is not None and act.by == end.barred:
            return Refusal.ANOTHER_SUPERVISOR
    return None


def ended(case: Case, happened: Happened) -> Case:
    """The case after an event of its end; as it was after any other."""
    event, end = happened.event, case.end
    if event in (Event.CLEARED, Event.WITHDRAWN, Event.RECLASSIFIED):
        end = End(happened.at, happened.by, end.barred, False, end.stars)
        return replace(case, end=end, disposition=happened.disposition)
    if event is Event.OBJECTED:
        barred = end.closed_by if case.disposition is Disposition.HOAX else end.barred
        return replace(case, end=End(None, None, barred, True, end.stars), disposition=None, acknowledged=False)
    if event is Event.RATED:
        return replace(case, end=replace(end, stars=happened.stars))
    return case
