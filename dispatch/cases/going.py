"""How far each officer of a case has come: the first moves the case on, the others follow one by one. Pure.

As `machine` asks it; SQL's twin is `judge_going` in judge/guards.sql, where it stands on each seat. Who has come is
asked for signs of life with the others.
"""

from dataclasses import replace
from typing import Final

from dispatch.cases.values import Case, Event, Happened, OfficerState, Refusal, Status

EVENTS: Final = frozenset({Event.SET_OUT, Event.ARRIVED})


def judge(case: Case, event: Event, officer: OfficerState | None) -> Refusal | None:
    """None allows it. Once somebody is on the way or there, each sets out and arrives once; who is there sets out no
    more. While nobody is, everybody may set out, also who was on the way before others left the case."""
    assert officer is not None, "an officer's act names the officer"
    done = case.there if event is Event.ARRIVED else case.there | case.going
    return Refusal.ILLEGAL if case.status is not Status.CLAIMED and officer.id in done else None


def evolve(case: Case, happened: Happened) -> Case:
    """The case with those who go and those who are there; without who holds no seat any more."""
    going, there = case.going, case.there
    if happened.officer is not None and happened.event in EVENTS:
        going -= {happened.officer}
        if happened.event is Event.SET_OUT:
            going |= {happened.officer}
        else:
            there |= {happened.officer}
    here = {h.officer for h in case.holders}
    if (going & here, there & here) == (case.going, case.there):
        return case
    return replace(case, going=going & here, there=there & here)
