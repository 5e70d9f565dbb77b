"""Acts in any order, by anybody, with time and misfortune between, on real PostgreSQL and Redis: no promise is broken.

Every act of the wire (`gateway.wire.acts.ACTS`); reports, by reporters, by clerks and by processes that have just
started; claims, shifts, advice, calls for help; time that passes while nobody looks, sweepers, a sweeper killed between
lock and commit or before it told anybody, publications lost and out of turn, Redis flushed. `ONBEAT_WALKS=500x50` walks
500 times 50 steps; `ONBEAT_SEED` repeats a run and makes what it finds small, which takes minutes.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Coroutine
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import CLOSED, Channel, Event, Status
from dispatch.people.permissions import TABLE
from dispatch.people.values import Role
from dispatch.safety.ports import ClearDraft
from gateway.wire.acts import ACTORS, ACTS, hash_of
from gateway.wire.grouping import Split
from gateway.wire.messages import Assign, HandBack, Met
from gateway.wire.watch_messages import Preempt
from geo.point import Point
from tests.conftest import Database
from tests.contract.any_message import any_message
from tests.contract.anywhere import Anywhere, anywhere, key, who_
from tests.contract.anywhere_ground import DESKS, WORDS, WORDS_OF_NO_EMERGENCY
from tests.contract.small_town import LAT, LON

EXAMPLES, STEPS = map(int, os.environ.get("ONBEAT_WALKS", "30x20").split("x"))
SEED: Final = int(os.environ.get("ONBEAT_SEED") or random.SystemRandom().randrange(10**9))
PHASES: Final = (Phase.generate, *([Phase.shrink] if "ONBEAT_SEED" in os.environ else []))
CATEGORIES: Final = ("plain", "urgent", "pair", "waves", "turns", "first", "scene")
CASES_MAX: Final = 5  # of one walk: more would share its steps too thinly
STEP_S_MAX: Final = 30.0
TOLD_EVERY: Final = 25  # walks: a long run says how far it came
ENDINGS: Final = frozenset(edge for edge, after in LEGAL.items() if after in CLOSED)
EVENTS: Final = frozenset(event for _, event in LEGAL)
OTHERWISE: Final[dict[type, Event]] = {
    Assign: Event.REASSIGNED,
    HandBack: Event.SEAT_HANDED_BACK,
    Preempt: Event.ASSIGNED,
}
"""What a message may also mean, where the case stands otherwise; for a pull, what happens to the case that is named."""
chances = st.integers(0, 2**32 - 1)  # of a step: drawn whole, so that acts are as frequent as each other
CLAIMS, ENDS, RARELY = 0.25, 0.15, 0.1  # shares of what people do
rarely = st.integers(0, 7).map(lambda n: n == 0)
T = TypeVar("T")


class AnyOrder(RuleBasedStateMachine):
    """One walk. Steps run on the loop of the stores; Hypothesis has a thread of its own."""

    walks: ClassVar[int] = 0
    world: ClassVar[Anywhere]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(STEP_S_MAX)

    def holds(self, *more: str) -> None:
        broken = [*more, *self.run(self.world.broken())]
        assert not broken, broken

    @initialize(category=st.sampled_from(CATEGORIES), walk=chances)
    def furnish(self, category: str, walk: int) -> None:
        self.walk, self.turns = walk, 0
        self.run(self.world.begin())
        self.holds(*self.run(self.world.report(category)))

    def teardown(self) -> None:
        wrong = self.run(self.world.figures())
        rows = self.run(self.world.town.owner.fetch("SELECT case_id, seq, kind FROM events WHERE case_id IS NOT NULL"))
        self.world.happened |= {("event", row["kind"]) for row in rows}
        assert not wrong, wrong
        AnyOrder.walks += 1
        if AnyOrder.walks % TOLD_EVERY == 0:
            print(f"{AnyOrder.walks} walks, nothing broken", flush=True)

    # --- people
    @precondition(lambda self: len(self.world.cases) < CASES_MAX)
    @rule(category=st.sampled_from(CATEGORIES), away=rarely, station=st.sampled_from(["s1", "s1", "s2"]))
    def somebody_reports(self, category: str, away: bool, station: str) -> None:
        self.holds(*self.run(self.world.report(category, away, station)))

    @precondition(lambda self: len(self.world.cases) < CASES_MAX)
    @rule(
        category=st.sampled_from(CATEGORIES), words=st.sampled_from(WORDS), channel=st.sampled_from([*Channel]),
        exercise=st.booleans(),
    )  # fmt: skip
    def a_clerk_enters_a_report(self, category: str, words: str, channel: Channel, exercise: bool) -> None:
        self.holds(*self.run(self.world.clerk_enters(category, words, channel, exercise)))

    @precondition(lambda self: len(self.world.cases) < CASES_MAX)
    @rule(category=st.sampled_from(CATEGORIES), flushed=st.booleans())
    def somebody_reports_to_a_process_that_has_just_started(self, category: str, flushed: bool) -> None:
        found = self.run(self.world.flush_redis(cut_off=False)) if flushed else []
        self.holds(*found, *self.run(self.world.report(category, near=self.run(self.world.starts()))))

    @rule(chance=chances, words=st.sampled_from(WORDS))
    def a_reporter_hears_what_an_emergency_is(self, chance: int, words: str) -> None:
        """Whatever the case's state: the advice is given."""
        before, state = self.run(self.world.fingerprint()), self.state(random.Random(chance))
        advice = self.run(self.world.hear_advice(state.id, words))
        assert (advice is None) == (words in WORDS_OF_NO_EMERGENCY), words
        if advice is None or state.status in CLOSED:
            assert before == self.run(self.world.fingerprint()), "advice changed a case that is over"
        self.holds()

    @rule(chance=chances, out=st.booleans())
    def a_reporter_signs_in_or_out(self, chance: int, out: bool) -> None:
        live = [token for token, case in self.world.tokens.items() if case is not None]
        if out and live:
            self.run(self.world.sign_out(random.Random(chance).choice(live)))
        else:
            self.run(self.world.sign_in(random.Random(chance).choice(list(self.world.codes))))
        self.holds(*self.run(self.world.sessions()))

    @rule(drawn=st.lists(chances, min_size=2, max_size=6))
    def people_act(self, drawn: list[int]) -> None:
        """Several in a row: most of what happens is theirs. Hypothesis likes to draw a number again; what comes of it
        differs from walk to walk and from turn to turn."""
        for chance in drawn:
            self.turns += 1
            dice = random.Random(f"{self.walk} {self.turns} {chance}")
            if dice.random() < CLAIMS:
                self.claim(dice)
            else:
                self.act(dice)

    people_act_on = people_go_on = people_act  # drawn as often as all else together

    def claim(self, dice: random.Random) -> None:
        wrong, again, stranger = (dice.random() < RARELY for _ in range(3))
        state = self.state(dice, Status.OFFERED)
        asked = self.run(self.world.asked(state)) or self.world.officers
        officer = dice.choice(self.world.officers if stranger else asked)
        said = state.id, officer, state.round - wrong, key()
        note(f"{officer} claims {state.id}")
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
        note(f"{message} by {who.role} {who.officer or who.station}")
        right = [h.word for h in state.holders if h.officer == officer]
        answer = self.answered(world.act(message, who), world.act(message, who) if again else None)
        self.holds(
            *kept_its_reason(message, answer),
            *(["met without the word"] if met_wrongly(message, answer, right) else []),
        )

    def somebody_to_pull(self, dice: random.Random, wanted: CaseState) -> dict[str, Any]:
        """An officer who is on another case, mostly one on the way there."""
        states = [self.run(self.world.state(case)) for case in self.world.cases]
        held = [(one.id, holder.officer) for one in states for holder in one.holders if one.id != wanted.id]
        from_case, officer = dice.choice(held or [(wanted.id, dice.choice(self.world.officers))])
        return {"from_case": from_case, "officer": officer}

    @rule(number=st.integers(0, 4), on=st.booleans(), shift_min=st.sampled_from([None, 10, 16, 480]))
    def an_officer_goes_on_or_off_duty(self, number: int, on: bool, shift_min: int | None) -> None:
        officer = self.world.officers[number]
        self.answered(self.world.duty(officer, on, key(), shift_min))
        if on:
            self.run(self.world.come(officer, 0.0))
            self.run(self.world.join(officer))
        self.holds()

    @rule(account=st.sampled_from(sorted(DESKS)), on=st.booleans())
    def somebody_of_a_desk_goes_on_or_off_shift(self, account: UUID, on: bool) -> None:
        said = account, DESKS[account], on, key(), "dd"
        self.answered(self.world.acting.desk_shift(*said), self.world.acting.desk_shift(*said))

    @rule(number=st.integers(0, 4), north=st.sampled_from([0.0, 0.02, 0.04, 0.5, None]))
    def an_officer_moves_or_the_phone_is_dark(self, number: int, north: float | None) -> None:
        self.run(self.world.come(self.world.officers[number], north))

    @rule(number=st.integers(0, 4))
    def an_officer_calls_for_help(self, number: int) -> None:
        officer = self.world.officers[number]
        self.answered(self.world.helping.call(officer, "s1", Point(LAT, LON), 8.0, key(), "ee"))

    @rule(chance=chances, role=st.sampled_from([Role.DESK, Role.SUPERVISOR]), elsewhere=rarely)
    def a_desk_ends_a_call_for_help(self, chance: int, role: Role, elsewhere: bool) -> None:
        live = sorted(self.run(self.world.town.owner.fetch("SELECT id, station FROM panics")), key=lambda r: r["id"])
        if not live:
            return
        one = random.Random(chance).choice(live)
        station = ("s2" if one["station"] == "s1" else "s1") if elsewhere else one["station"]
        draft = ClearDraft(
            panic=one["id"], actor=role, actor_id=UUID(int=9), station=station if role is Role.DESK else None,
            reason="Spoke to them.", scope=f"account:{UUID(int=9)}", key=key(), hash=hash_of(role),
        )  # fmt: skip
        self.answered(self.world.helping.clear(draft))

    # --- time and misfortune
    @rule(seconds=st.sampled_from([5.0, 20.0, 61.0]))
    def time_passes_and_nobody_looks(self, seconds: float) -> None:
        self.run(self.world.pass_time(seconds))

    @rule(seconds=st.sampled_from([0.0, 5.0, 21.0, 61.0]))
    def time_passes_and_sweepers_look(self, seconds: float) -> None:
        self.run(self.world.pass_time(seconds))
        self.holds(*self.run(self.world.sweep()))

    @rule(calls=st.integers(1, 9), committed=st.booleans())
    def a_sweeper_is_killed_and_others_go_on(self, calls: int, committed: bool) -> None:
        """Between lock and commit, while another one looks; or after its commits, before it told anybody."""
        self.run(self.world.pass_time(61.0))
        self.holds(*self.run(self.world.kill_a_sweeper(calls, committed=committed)))

    @rule(cut_off=st.booleans())
    def redis_is_flushed(self, cut_off: bool) -> None:
        self.holds(*self.run(self.world.flush_redis(cut_off=cut_off)))

    @rule(kept=st.lists(st.booleans(), max_size=12))
    def publications_are_lost_and_come_out_of_turn(self, kept: list[bool]) -> None:
        self.holds(*self.run(self.world.sweep()), *self.run(self.world.carry(kept)))

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
        note(f"{answer.ok} {answer.reason or [fact.kind for fact in answer.facts]}")
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


@pytest.fixture(scope="module")
async def world(database: Database, redis_url: str) -> AsyncIterator[Anywhere]:
    async with anywhere(database, redis_url) as world:
        yield world


async def test_no_promise_is_broken_in_any_order(world: Anywhere) -> None:
    print(f"ONBEAT_WALKS={EXAMPLES}x{STEPS} ONBEAT_SEED={SEED}")
    AnyOrder.world, AnyOrder.loop = world, asyncio.get_running_loop()
    chosen = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, print_blob=True,
        suppress_health_check=list(HealthCheck), phases=PHASES,
    )  # fmt: skip
    await asyncio.to_thread(run_state_machine_as_test, seed(SEED)(AnyOrder), settings=chosen)
    kinds = {event for _, event in world.happened}
    print(f"refused: {', '.join(sorted(world.refused))}")
    print(f"happened: {', '.join(sorted(kinds))}; not: {', '.join(sorted({e for _, e in LEGAL} - kinds))}")
    assert len(kinds) > min(12, EXAMPLES) and len(world.refused) > min(5, EXAMPLES), (
        "the walks met hardly anything: they prove nothing"
    )
