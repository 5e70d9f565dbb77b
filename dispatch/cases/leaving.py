"""How an officer leaves a case otherwise than by handing it back. Pure; SQL's twin is judge/leaving.sql.

The shift ends (`transferred`, or `seat_left` where others go on), the desk needs the officer elsewhere (`preempted`),
or a welfare check on the way stayed unanswered (`silent`). Only after the last is the officer not asked for it again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dispatch.cases import handing_back
from dispatch.cases.values import Case, Event, Happened, OfficerId
from dispatch.limits import ROUNDS_MAX

ROUNDS: Final = frozenset({Event.PREEMPTED, Event.SILENT})
"""Those that open a new round at once."""
AT_DESK: Final = {Event.PREEMPTED: Event.PREEMPTED_TO_DESK, Event.SILENT: Event.SILENT_TO_DESK}
SILENT: Final = frozenset({Event.SILENT, Event.SILENT_TO_DESK})
EVENTS: Final = frozenset({Event.TRANSFERRED, Event.SEAT_LEFT, *AT_DESK, *AT_DESK.values()})


def resolved(case: Case, event: Event, recipients: Sequence[OfficerId]) -> Event:
    """A transfer by one of several only leaves a seat. A new round that nobody could be asked in, or one too many,
    is the desk's. An unanswered check counts as a hand-back in the station's policy."""
    if event is Event.TRANSFERRED and len(case.holders) > 1:
        return Event.SEAT_LEFT
    if event is Event.SILENT:
        return event if handing_back.resolved(case, bool(recipients)) is Event.HANDED_BACK else Event.SILENT_TO_DESK
    if event is Event.PREEMPTED and (not recipients or case.round >= ROUNDS_MAX):
        return Event.PREEMPTED_TO_DESK
    return event


def evolve(case: Case, happened: Happened) -> Case:
    """The case without this officer; unseen by the desk, unless others go on as before."""
    event, officer = happened.event, happened.officer
    assert officer is not None
    return replace(
        case,
        fence=case.fence + 1,
        holders=tuple(h for h in case.holders if h.officer != officer),
        handed_back=case.handed_back | {officer} if event in SILENT else case.handed_back,
        acknowledged=case.acknowledged and event is Event.SEAT_LEFT,
    )
