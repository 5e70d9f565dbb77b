"""A sign of life from officers on scene, where the category asks for one in time. Pure.

As `machine` asks it; SQL's twin is judge/check_in.sql. Nobody loses a seat by silence here: it is the desk that looks.
"""

from dataclasses import replace
from typing import Final

from dispatch.cases.values import Case, Event, Happened, OfficerState, Refusal

EVENTS: Final = frozenset({Event.CHECK_IN_ASKED, Event.CHECKED_IN, Event.CHECK_IN_MISSED})


def judge(case: Case, event: Event, officer: OfficerState | None) -> Refusal | None:
    """Nobody is asked twice, missed unasked, or answers what was not asked; None allows it."""
    if event is Event.CHECKED_IN:
        return None if officer is not None and officer.id in case.check_in else Refusal.NOT_ASKED
    return Refusal.ILLEGAL if (event is Event.CHECK_IN_ASKED) == bool(case.check_in) else None


def evolve(case: Case, happened: Happened) -> Case:
    """The case with those who still owe an answer."""
    if happened.event is Event.CHECK_IN_ASKED:
        return replace(case, check_in=case.check_in | frozenset(happened.recipients))
    if happened.event is Event.CHECKED_IN:
        assert happened.officer is not None
        return replace(case, check_in=case.check_in - {happened.officer})
    return case
