"""Several reports of one incident: one case stands for the others, and a mistake is taken back. Pure.

Nothing is ever merged into a case that is merged itself: whoever follows a case follows on to the one that it is merged
into. So every chain has one step, and there is no circle. As `machine` asks it; SQL's twin is judge/grouping.sql.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from dispatch.cases import closing
from dispatch.cases.facts import CaseState
from dispatch.cases.lifecycle import next_status
from dispatch.cases.ports import Likely
from dispatch.cases.values import CLOSED, Actor, Case, CaseId, Disposition, Event, Happened, Refusal, Status
from dispatch.limits import DUPLICATE_M, DUPLICATE_S, DUPLICATES_SHOWN_MAX, REPORTS_MAX
from geo.distance import metres_fast
from geo.point import Point

if TYPE_CHECKING:
    from dispatch.cases.machine import Act

EVENTS: Final = frozenset({Event.ABSORBED, Event.MERGED, Event.FOLLOWED, Event.SPLIT, Event.UNMERGED, Event.PARTED})
ACTS: Final = frozenset({Event.ABSORBED, Event.SPLIT, Event.UNMERGED})
"""What a desk asks for; the rest only follows."""


@dataclass(frozen=True, slots=True)
class Member:
    """A case as grouping looks at it."""

    id: CaseId
    station: str
    exercise: bool
    case: Case


def circle(member: Member, named: Collection[CaseId]) -> Refusal | None:
    """Asked before all other guards of a merge."""
    return Refusal.CIRCLE if member.id in named or member.case.merged_into in named else None


def judge_merge(
    survivor: Member, named: Collection[CaseId], known: Mapping[CaseId, Member], act: "Act", station: str | None,
    now: datetime,
) -> Refusal | None:  # fmt: skip
    """Why these cases cannot be merged into this one, or None; asked after the machine's guards of the survivor.

    Of several that cannot, the lowest id says why. What was objected to stays a supervisor's. An officer who is asked
    whether all is well is not forgotten by a merge. A desk never takes an officer of another station off a case.
    """
    coming = 0
    for id_ in sorted(named):
        other = known.get(id_)
        if other is None:
            return Refusal.NOT_FOUND
        if other.case.status in CLOSED:
            return Refusal.MERGED if other.case.status is Status.MERGED else Refusal.CLOSED
        if next_status(other.case.status, Event.MERGED) is None or other.exercise != survivor.exercise:
            return Refusal.ILLEGAL
        if (waits := closing.judge(other.case, act, now)) is not None:
            return waits
        if other.case.checks:
            return Refusal.CHECK_OPEN
        if act.actor is Actor.DESK and other.station != station and other.case.holders:
            return Refusal.NOT_YOURS
        coming += 1 + len(other.case.reports)
    return Refusal.REPORTS_FULL if len(survivor.case.reports) + coming > REPORTS_MAX else None


def judge_split(member: Member, named: Collection[CaseId]) -> Refusal | None:
    """Only reports that the case stands for can leave it."""
    return None if member.case.reports.issuperset(named) else Refusal.NOT_FOUND


def evolve(case: Case, happened: Happened) -> Case:
    """The case after one of EVENTS; its status has been set."""
    if happened.event is Event.ABSORBED:
        return replace(case, reports=case.reports.union(happened.others))
    if happened.event in (Event.SPLIT, Event.PARTED):
        return replace(case, reports=case.reports.difference(happened.others))
    if happened.event is Event.UNMERGED:
        return replace(case, fence=case.fence + 1, acknowledged=False, merged_into=None, disposition=None)
    assert happened.into is not None
    if happened.event is Event.FOLLOWED:
        return replace(case, merged_into=happened.into)
    return replace(
        case,
        fence=case.fence + 1,
        holders=(),
        check_in=frozenset(),
        hold_until=None,
        reports=frozenset(),
        merged_into=happened.into,
        disposition=Disposition.DUPLICATE,
    )


def likely(own: CaseState, others: Iterable[CaseState]) -> list[Likely]:
    """Those of `others` that look like one incident with `own`, as `CaseStore.duplicates` promises them."""
    found = []
    for other in others:
        metres = metres_fast(Point(own.lat, own.lon), Point(other.lat, other.lon))
        alike = likeness(metres, (other.received_us - own.received_us) / 1_000_000)
        same_kind = (other.category, other.exercise) == (own.category, own.exercise)
        if alike > 0 and same_kind and other.id != own.id and other.status not in CLOSED:
            found.append(Likely(alike, metres, other))
    found.sort(key=lambda one: (-one.likeness, one.state.received_us, one.state.id))
    return found[:DUPLICATES_SHOWN_MAX]


def likeness(metres: float, seconds: float) -> float:
    """How much two reports of one category look like one incident: 1 at the same place and time, 0 at either limit.

    The mean of what is left of DUPLICATE_M and of DUPLICATE_S, in hundredths. 0 beyond a limit.
    """
    near, soon = 1 - metres / DUPLICATE_M, 1 - abs(seconds) / DUPLICATE_S
    return round((near + soon) / 2, 2) if near >= 0 and soon >= 0 else 0.0
