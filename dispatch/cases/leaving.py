"""How an officer leaves a case otherwise than by handing it back: the shift ends. Pure.

As `machine` asks it; SQL's twin is judge/leaving.sql. Leaving is no mark against anybody: whoever left may be asked or
sent again.
"""

from dataclasses import replace
from typing import Final

from dispatch.cases.values import Case, Event, Happened

EVENTS: Final = frozenset({Event.TRANSFERRED, Event.SEAT_LEFT})


def resolved(case: Case, event: Event) -> Event:
    """A transfer by one of several only leaves a seat: the case goes to the desk when nobody is left on it."""
    return Event.SEAT_LEFT if event is Event.TRANSFERRED and len(case.holders) > 1 else event


def evolve(case: Case, happened: Happened) -> Case:
    """The case without this officer; at the desk it stands unseen."""
    assert happened.officer is not None
    holders = tuple(h for h in case.holders if h.officer != happened.officer)
    acknowledged = case.acknowledged and happened.event is not Event.TRANSFERRED
    return replace(case, fence=case.fence + 1, holders=holders, acknowledged=acknowledged)
