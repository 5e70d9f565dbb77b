"""Welfare checks as the case machine sees them: who has one open, who may open one, who answers. Pure.

The watch over officers on the way (`dispatch.watch`) opens most of them; SQL's twin is judge/watch.sql.
"""

from dataclasses import replace
from typing import Final

from dispatch.cases.values import Case, Event, Happened, OfficerState, Refusal

ACTS: Final = frozenset({Event.WELFARE_ASKED, Event.WELFARE_ANSWERED})
ENDING: Final = frozenset({Event.WELFARE_ANSWERED, Event.WATCH_EASED, Event.SET_OUT, Event.ARRIVED})
"""Signs of life: an answer, an act, coming nearer."""


def judge(case: Case, event: Event, officer: OfficerState | None) -> Refusal | None:
    """None allows it. The table and the fence have been asked."""
    if officer is None:
        return Refusal.NOT_FOUND
    is_open = officer.id in case.checks
    if event is Event.WELFARE_ANSWERED:
        return None if is_open else Refusal.NOT_ASKED
    if all(h.officer != officer.id for h in case.holders):
        return Refusal.STALE_FENCE
    return Refusal.CHECK_OPEN if is_open else None


def evolve(case: Case, happened: Happened) -> Case:
    """The open checks after any event: one more, one fewer, and none of officers who have left; nor do those owe a
    sign of life on the scene any more."""
    checks = case.checks
    if happened.event is Event.WELFARE_ASKED and happened.officer is not None:
        checks |= {happened.officer}
    elif happened.event in ENDING and happened.officer is not None:
        checks -= {happened.officer}
    here = {h.officer for h in case.holders}
    kept, owing = checks & here, case.check_in & here
    same = kept == case.checks and owing == case.check_in
    return case if same else replace(case, checks=kept, check_in=owing)
