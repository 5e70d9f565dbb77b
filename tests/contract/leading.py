"""How a walk is led: from wherever it stands to a case in a certain state, by what people may do there.

Nothing here goes past the judge: every step is an act that is answered, time that passes, or a phone that moves, and
the promises are looked at after each. Anything may be refused; and, unless it is `calm`, somebody else may come
between.
"""

import contextlib
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from dispatch.cases.facts import Answer, CaseState, HolderState
from dispatch.cases.values import CLOSED, HELD, Event, Refusal, Status
from dispatch.limits import SHIFT_LAST_MIN
from dispatch.people.values import Role
from gateway.wire.desk_messages import Reoffer, TakeBack
from gateway.wire.messages import Arrived, Assign, HandBack, SetOut
from tests.contract.any_message import any_message
from tests.contract.anywhere import key, who_
from tests.contract.anywhere_ground import FREE
from tests.contract.walking import Walk

CATEGORIES: Final = ("plain", "urgent", "pair", "waves", "turns", "first", "scene")
CASES_WALL: Final = 9  # of one walk, with those that leads report themselves
STEPS_MAX: Final = 8  # towards a state; a case that is not there by then stays as it is
BETWEEN: Final = 0.15  # share of a lead's steps before which somebody else does something
RANK: Final = {Status.OFFERED: 0, Status.AT_STATION: 0, Status.CLAIMED: 1, Status.EN_ROUTE: 2, Status.ON_SCENE: 3}
"""How far a case has come; one that has come further is not led back."""
WAY: Final = (Status.CLAIMED, Status.EN_ROUTE)
FAR: Final = 0.5  # degrees north: outside every ring
IDLE: Final = """
SELECT id FROM officers o WHERE held < slots AND station = $1
AND NOT EXISTS (SELECT FROM assignments a WHERE a.active AND a.officer_id = o.id AND a.case_id = ANY ($2))
"""
SEATED: Final = """
SELECT a.officer_id, a.case_id FROM assignments a JOIN officers o ON o.id = a.officer_id
WHERE a.active AND o.station = $1 AND NOT a.case_id = ANY ($2) ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Named:
    """`events`, `refusals`: kinds that in a calm town come about for certain."""

    way: "Callable[[Lead], None]"
    events: frozenset[Event]
    refusals: frozenset[Refusal]


LEADS: Final[dict[str, Named]] = {}


def lead(
    *events: Event, refusals: Iterable[Refusal] = ()
) -> "Callable[[Callable[[Lead], None]], Callable[[Lead], None]]":
    def named(way: "Callable[[Lead], None]") -> "Callable[[Lead], None]":
        LEADS[way.__name__] = Named(way, frozenset(events), frozenset(refusals))
        return way

    return named


class Aside(Exception):
    """The walk stands so that this lead goes nowhere: nobody is free, or the town has no room for one more case."""


class Lead:
    """`dice`: of this lead alone. `calm`: nobody comes between, so that in a new town it reaches what it is for."""

    def __init__(self, walk: Walk, dice: random.Random, *, calm: bool = False) -> None:
        self.walk, self.world, self.dice, self.calm = walk, walk.world, dice, calm

    # --- what people say
    def now(self, case: CaseState) -> CaseState:
        return self.walk.run(self.world.state(case.id))

    def say(self, kind: type, case: CaseState, role: Role, speaker: UUID | None = None, **known: Any) -> Answer:
        """`speaker`: where an officer does. `first` in `known`: which of two supervisors."""
        if not self.calm and self.dice.random() < BETWEEN:
            self.walk.people_do(self.dice)
        state, first = self.now(case), known.pop("first", True)
        who = who_(role, state, speaker or self.world.officers[0], state.station, first=first)
        said: dict[str, Any] = {
            "case": state.id, "key": key(), "round": state.round, "upto": state.seq, "reason": "Said so.",
            "words": "In words.",
        }  # fmt: skip
        if role is Role.OFFICER:
            said["fence"] = next((h.fence for h in state.holders if h.officer == speaker), state.fence)
        return self.walk.done(any_message(self.dice, kind, said | known), who, state)

    def officer_says(self, kind: type, case: CaseState, officer: UUID, **known: Any) -> Answer:
        return self.say(kind, case, Role.OFFICER, officer, **known)

    def desk_says(self, kind: type, case: CaseState, **known: Any) -> Answer:
        """The case's own desk, or a supervisor; what was objected to is a supervisor's."""
        ending = self.now(case).ending
        if ending is not None and ending.objected:
            return self.say(kind, case, Role.SUPERVISOR, **({"first": self.dice.random() < 0.5} | known))
        return self.say(kind, case, self.dice.choice((Role.DESK, Role.SUPERVISOR)), **known)

    def claim(self, case: CaseState, officer: UUID) -> Answer:
        """By an officer who has just come near."""
        self.walk.run(self.world.join(officer))
        state = self.now(case)
        self.walk.note(f"{officer} claims {state.id}")
        return self.walk.answered(self.world.claim(state.id, officer, state.round, key()))

    # --- time and places
    def wait(self, seconds: float, *, unseen: bool = False) -> None:
        """Time passes, and sweepers look, unless it is `unseen`."""
        self.walk.note(f"{seconds} s pass")
        self.walk.run(self.world.pass_time(seconds))
        if not unseen:
            self.walk.holds(*self.walk.run(self.world.sweep()))

    def go(self, officer: UUID, north: float | None) -> None:
        self.walk.run(self.world.come(officer, north))

    @contextlib.contextmanager
    def alone(self, *officers: UUID) -> Iterator[None]:
        """Everybody else is far away for now."""
        were = {one: north for one, north in self.world.phones.items() if one not in officers}
        for one in were:
            self.go(one, FAR)
        try:
            yield
        finally:
            for one, north in were.items():
                self.go(one, north)

    @contextlib.contextmanager
    def limited(self, name: str, number: int) -> Iterator[None]:
        """A number of `dispatch.limits` is lower for now: what takes a thousand steps is refused after one."""
        was = self.walk.run(self.world.limit(name, number))
        with self._undisturbed():
            try:
                yield
            finally:
                self.walk.run(self.world.limit(name, was))

    @contextlib.contextmanager
    def later(self, case: CaseState, seconds: float) -> Iterator[None]:
        """The case ended so much earlier, for now."""
        self.walk.run(self.world.closed_earlier(case.id, seconds))
        with self._undisturbed():
            try:
                yield
            finally:
                self.walk.run(self.world.closed_earlier(case.id, -seconds))

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        was, self.calm = self.calm, True
        try:
            yield
        finally:
            self.calm = was

    # --- who is there
    def free(self, station: str, *kept: CaseState) -> UUID:
        """An officer of the station who may be asked, is near and on none of the cases `kept`: free already, called on
        duty, or relieved of another case. Raises: Aside."""
        for _ in range(STEPS_MAX):
            rows = self.walk.run(self.world.town.owner.fetch(FREE, SHIFT_LAST_MIN))
            theirs = {holder.officer for case in kept for holder in self.now(case).holders}
            found = sorted(row["id"] for row in rows if row["station"] == station and row["id"] not in theirs)
            if found:
                officer: UUID = self.dice.choice(found)
                self.go(officer, 0.0)
                return officer
            self._make_free(station, *kept)
        raise Aside

    def _make_free(self, station: str, *kept: CaseState) -> None:
        owner = self.world.town.owner
        off = self.walk.run(owner.fetch(IDLE, station, [one.id for one in kept]))
        if off:
            officer = self.dice.choice(sorted(row["id"] for row in off))
            self.walk.answered(self.world.duty(officer, True, key(), 480))
            return
        held = self.walk.run(owner.fetch(SEATED, station, [one.id for one in kept]))
        if not held:
            raise Aside
        officer, case = self.dice.choice(held)
        state = self.walk.run(self.world.state(case))
        if state.status in HELD:
            self.desk_says(TakeBack, state, officer=officer)
        else:
            self.officer_says(HandBack, state, officer)

    def holder(self, case: CaseState) -> HolderState:
        """Somebody on a seat of the case. Raises: Aside."""
        holders = self.now(case).holders
        if not holders:
            raise Aside
        return self.dice.choice(holders)

    # --- the way to a state
    def report(self, category: str) -> CaseState:
        """Raises: Aside, where the town has no room."""
        if len(self.world.cases) >= CASES_WALL:
            raise Aside
        self.walk.holds(*self.walk.run(self.world.report(category)))
        return self.walk.run(self.world.state(self.world.cases[-1]))

    def bring(self, status: Status, *categories: str, but: CaseState | None = None) -> CaseState:
        """A case of one of these categories in this state: one that stands there, is led there, or is reported anew.
        Raises: Aside."""
        states = [self.walk.run(self.world.state(case)) for case in self.world.cases if but is None or case != but.id]
        fit = [one for one in states if not categories or one.category in categories]
        able = [one for one in fit if RANK.get(one.status, 9) <= RANK[status]]
        if able and (self.dice.random() < 0.7 or len(self.world.cases) >= CASES_WALL):
            state = self.dice.choice([one for one in able if one.status is status] or able)
        else:
            state = self.report(self.dice.choice(categories or CATEGORIES))
        for _ in range(STEPS_MAX):
            state = self.now(state)
            if state.status is status and (state.holders or status not in HELD):
                return state
            if state.status in CLOSED or RANK[state.status] > RANK[status]:
                raise Aside
            self._towards(state, status, but)
        raise Aside

    def _towards(self, state: CaseState, status: Status, but: CaseState | None) -> None:
        kept = (state,) if but is None else (state, but)
        if state.status is Status.OFFERED:
            self.wait(61.0) if status is Status.AT_STATION else self._take(state, *kept)
        elif state.status is Status.AT_STATION and status is Status.OFFERED:
            self.free(state.station, *kept)
            self.desk_says(Reoffer, state)
        elif state.status is Status.AT_STATION:
            self.desk_says(Assign, state, officer=self.free(state.station, *kept))
        else:
            sets_out = state.status is Status.CLAIMED and (status is Status.EN_ROUTE or self.dice.random() < 0.5)
            self.officer_says(SetOut if sets_out else Arrived, state, self.holder(state).officer)

    def _take(self, state: CaseState, *kept: CaseState) -> None:
        """By somebody who comes near while it is open; where nobody may, it goes to the desk."""
        officer = self.free(state.station, *kept)
        if not self.claim(state, officer).ok:
            self.wait(61.0)
