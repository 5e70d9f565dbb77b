"""One walk through a town where anything may happen next: people's acts drawn by chance, what every answer must keep.

Of no test framework: `test_any_order.py` lets Hypothesis draw the steps, `leads.py` leads where chance seldom comes.
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import CLOSED, Event, Status
from dispatch.people.permissions import TABLE
from dispatch.people.values import Role, Who
from gateway.wire.acts import ACTORS, ACTS
from gateway.wire.grouping import Split
from gateway.wire.messages import Assign, HandBack, Met
from gateway.wire.watch_messages import Preempt
from tests.contract.any_message import any_message
from tests.contract.anywhere import Anywhere, key, who_

STEP_S_MAX: Final = 30.0
ENDINGS: Final = frozenset(edge for edge, after in LEGAL.items() if after in CLOSED)
EVENTS: Final = frozenset(event for _, event in LEGAL)
OTHERWISE: Final[dict[type, Event]] = {
    Assign: Event.REASSIGNED,
    HandBack: Event.SEAT_HANDED_BACK,
    Preempt: Event.ASSIGNED,
}
"""What a message may also mean, where the case stands otherwise; for a pull, what happens to the case that is named."""
CLAIMS, ENDS, RARELY = 0.25, 0.15, 0.1  # shares of what people do
T = TypeVar("T")


class Walk:
    """Steps run on the loop of the stores; who asks for them has a thread of its own."""

    world: ClassVar[Anywhere]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(STEP_S_MAX)

    def holds(self, *more: str) -> None:
        broken = [*more, *self.run(self.world.broken())]
        assert not broken, broken

    def note(self, said: str) -> None:
        """For whoever reads what went wrong."""

    # --- people
    def people_do(self, dice: random.Random) -> None:
        """Somebody claims, or does what the table allows now, or what it does not."""
        if dice.random() < CLAIMS:
            self.claim(dice)
        else:
            self.act(dice)

    def claim(self, dice: random.Random) -> None:
        wrong, again, stranger = (dice.random() < RARELY for _ in range(3))
        state = self.state(dice, Status.OFFERED)
        asked = self.run(self.world.asked(state)) or self.world.officers
        officer = dice.choice(self.world.officers if stranger else asked)
        said = state.id, officer, state.round - wrong, key()
        self.note(f"{officer} claims {state.id}")
        self.answered(self.world.claim(*said), self.world.claim(*said) if again else None)

    def act(self, dice: random.Random) -> None:
        """What the table allows now, by whom it is for; `wrong`: anything, with a stale fence or round; `stranger`: by
        anybody."""
        wrong, again, stranger = (dice.random() < RARELY for _ in range(3))
        world, state = self.world, self.state(dice)
        legal = [kind for kind in ACTS if may_follow(state.status, kind)]
        going_on = [kind for kind in legal if (state.status, ACTS[kind][1]) not in ENDINGS]
        kind = dice.choice(list(ACTS) if wrong or not legal else legal if dice.random() < ENDS else going_on or legal)
        roles = [role for role in ACTORS if stranger or (role, ACTS[kind][0]) in TABLE]
        own = [holder.officer for holder in state.holders] or self.run(world.asked(state))
        officer = dice.choice(world.officers if stranger or not own else own)
        station = {"s1": "s2", "s2": "s1"}[state.station] if stranger else state.station
        who = who_(dice.choice(roles), state, officer, station, first=dice.random() < 0.7)
        known: dict[str, Any] = {"case": state.id, "key": key(), "round": state.round - wrong, "upto": state.seq}
        known["officer"] = dice.choice(own if own and dice.random() < 0.3 else world.officers)
        known["to_station"] = dice.choice(["s1", "s2"])
        known["word"] = next((h.word for h in state.holders if h.officer == officer and dice.random() < 0.6), "0000")
        if kind is Preempt:
            known |= self.somebody_to_pull(dice, state)
        own_reports = [one.case for one in state.group.reports] if state.group else []
        known["reports"] = own_reports[:1] if kind is Split else dice.sample(world.cases, min(2, len(world.cases)))[:1]
        if who.role is Role.OFFICER:
            known["fence"] = next((h.fence for h in state.holders if h.officer == officer), state.fence) + wrong
        try:
            message = any_message(dice, kind, known)
        except msgspec.ValidationError:
            return  # it would not have left the phone
        self.done(message, who, state, again=again)

    def done(self, message: Any, who: Who, state: CaseState, *, again: bool = False) -> Answer:
        """Somebody sends it. `state`: the case as it was before. `again`: once more with the same key."""
        self.note(f"{message} by {who.role} {who.officer or who.station}")
        right = [h.word for h in state.holders if h.officer == who.officer]
        answer = self.answered(self.world.act(message, who), self.world.act(message, who) if again else None)
        self.holds(
            *kept_its_reason(message, answer),
            *(["met without the word"] if met_wrongly(message, answer, right) else []),
        )
        return answer

    def somebody_to_pull(self, dice: random.Random, wanted: CaseState) -> dict[str, Any]:
        """An officer who is on another case, mostly one on the way there."""
        states = [self.run(self.world.state(case)) for case in self.world.cases]
        held = [(one.id, holder.officer) for one in states for holder in one.holders if one.id != wanted.id]
        from_case, officer = dice.choice(held or [(wanted.id, dice.choice(self.world.officers))])
        return {"from_case": from_case, "officer": officer}

    # --- what every step needs
    def state(self, dice: random.Random, *wanted: Status) -> CaseState:
        """A case, in one of these states where there is one; mostly one that is open."""
        states = [self.run(self.world.state(case)) for case in self.world.cases]
        open_ = [state for state in states if state.status not in CLOSED or dice.random() < RARELY]
        return dice.choice([state for state in states if state.status in wanted] or open_ or states)

    def answered(self, step: Coroutine[Any, Any, Answer], again: Coroutine[Any, Any, Answer] | None = None) -> Answer:
        """A step and what its answer must keep; asked again with the same key it says the same and changes nothing."""
        before = self.run(self.world.fingerprint())
        answer = self.run(step)
        self.note(f"{answer.ok} {answer.reason or [fact.kind for fact in answer.facts]}")
        self.holds(*self.run(self.world.heard(answer, before)))
        if again is not None:
            after, same = self.run(self.world.fingerprint()), self.run(again)
            assert (same.ok, same.reason) == (answer.ok, answer.reason), "another answer to the same key"
            assert same.facts == (), "done twice"
            assert after == self.run(self.world.fingerprint()), "asked again, something changed"
        return answer


def may_follow(status: Status, kind: type) -> bool:
    """Does the table allow what this message means, or may mean?"""
    meanings = {ACTS[kind][1], OTHERWISE.get(kind, ACTS[kind][1])}
    return any(event not in EVENTS or (status, event) in LEGAL for event in meanings)


def kept_its_reason(message: Any, answer: Answer) -> list[str]:
    """What somebody gave as a reason stands in the history."""
    reason = getattr(message, "reason", None)
    told = [fact.body.get("reason") for fact in answer.facts]
    return (
        [f"{type(message).__name__}: its reason is lost"]
        if answer.ok and reason and told and reason not in told
        else []
    )


def met_wrongly(message: Any, answer: Answer, words: list[str]) -> list[str]:
    """Nobody is met without the word of the assignment."""
    return ["met without the word"] if isinstance(message, Met) and answer.ok and message.word not in words else []
