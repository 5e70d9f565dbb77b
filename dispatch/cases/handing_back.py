"""What an officer's hand-back becomes, by where the case stands. Pure.

As `machine` asks it; SQL's twin is judge/handing_back.sql. Whoever hands a case back is not asked for it again.
"""

from dataclasses import replace
from typing import Final

from dispatch.cases.values import Case, Event, Happened, OfficerId, Status
from dispatch.limits import ROUNDS_MAX

WAITING: Final = frozenset({Status.OFFERED, Status.AT_STATION})
"""A seat may be held here while another is empty: its officer stands by, and sets out when the last one is filled or
the desk sends somebody along. Alone, nobody sets out for a case that needs two."""


def resolved(case: Case, anyone: bool) -> Event:
    """A seat of a case that still waits for another is only given back. Otherwise a new round begins; or the desk has
    the case: at the station's last hand-back, with nobody else to ask (`anyone`), or when the rounds are spent."""
    if case.status in WAITING:
        return Event.SEAT_HANDED_BACK
    last = len(case.handed_back) + 1 >= case.hand_backs_max
    return Event.HANDED_TO_DESK if last or not anyone or case.round >= ROUNDS_MAX else Event.HANDED_BACK


def from_a_scene(case: Case, officer: OfficerId) -> Event:
    """Of a case where somebody is, or has been, nobody else is asked by itself. Who is still on the way gives the seat
    back; without others the desk has the case. Who is there does not: the table refuses what this answers."""
    if officer in case.there:
        return Event.HANDED_BACK
    return Event.SEAT_HANDED_BACK if len(case.holders) > 1 else Event.HANDED_TO_DESK


def evolve(case: Case, happened: Happened) -> Case:
    """The case without this officer, and unseen by the desk; a new round, where one begins, is the machine's."""
    assert happened.officer is not None
    return replace(
        case,
        fence=case.fence + 1,
        holders=tuple(h for h in case.holders if h.officer != happened.officer),
        handed_back=case.handed_back | {happened.officer},
        acknowledged=False,
    )
