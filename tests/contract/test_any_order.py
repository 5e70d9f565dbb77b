"""Acts in any order, by anybody, with time and misfortune between, on real PostgreSQL and Redis: no promise is broken.

Every act of the wire (`gateway.wire.acts.ACTS`); reports, by reporters, by clerks and by processes that have just
started; claims, shifts, advice, calls for help; time that passes while nobody looks, sweepers, a sweeper killed between
lock and commit or before it told anybody, publications lost and out of turn, Redis flushed. `ONBEAT_WALKS=500x50` walks
500 times 50 steps; `ONBEAT_SEED` repeats a run and makes what it finds small, which takes minutes.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from typing import ClassVar, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import CLOSED, Channel, Refusal
from dispatch.people.values import Role
from dispatch.safety.ports import ClearDraft
from gateway.wire.acts import hash_of
from geo.point import Point
from tests.conftest import Database
from tests.contract.anywhere import Anywhere, anywhere, key
from tests.contract.anywhere_ground import DESKS, WORDS, WORDS_OF_NO_EMERGENCY
from tests.contract.leading import CATEGORIES, Lead
from tests.contract.leads import LEADS, lead_on
from tests.contract.small_town import LAT, LON
from tests.contract.walking import EVENTS, Walk

EXAMPLES, STEPS = map(int, os.environ.get("ONBEAT_WALKS", "30x20").split("x"))
SEED: Final = int(os.environ.get("ONBEAT_SEED") or random.SystemRandom().randrange(10**9))
PHASES: Final = (Phase.generate, *([Phase.shrink] if "ONBEAT_SEED" in os.environ else []))
CASES_MAX: Final = 5  # of one walk: more would share its steps too thinly
TOLD_EVERY: Final = 25  # walks: a long run says how far it came
LONG: Final = 25_000  # steps: as many as must meet every kind of event and of refusal
chances = st.integers(0, 2**32 - 1)  # of a step: drawn whole, so that acts are as frequent as each other
rarely = st.integers(0, 7).map(lambda n: n == 0)


class AnyOrder(Walk, RuleBasedStateMachine):
    """One walk."""

    walks: ClassVar[int] = 0

    def note(self, said: str) -> None:
        note(said)

    @initialize(category=st.sampled_from(CATEGORIES), walk=chances)
    def furnish(self, category: str, walk: int) -> None:
        self.number, self.turns = walk, 0
        self.run(self.world.begin())
        self.holds(*self.run(self.world.report(category)))

    def teardown(self) -> None:
        wrong = self.run(self.world.figures())
        self.run(self.world.count())
        assert not wrong, wrong
        AnyOrder.walks += 1
        if AnyOrder.walks % TOLD_EVERY == 0:
            print(f"{AnyOrder.walks} walks, nothing broken", flush=True)

    def has_room(self) -> bool:
        """For one more case; else somebody does something instead. A precondition would ask the same, and make what is
        drawn depend on what came about, which differs between two runs of the same draws: ids are made by chance."""
        room = len(self.world.cases) < CASES_MAX
        if not room:
            self.people_do(self.dice(0))
        return room

    # --- people
    @rule(category=st.sampled_from(CATEGORIES), away=rarely, station=st.sampled_from(["s1", "s1", "s2"]))
    def somebody_reports(self, category: str, away: bool, station: str) -> None:
        if self.has_room():
            self.holds(*self.run(self.world.report(category, away, station)))

    @rule(
        category=st.sampled_from(CATEGORIES), words=st.sampled_from(WORDS), channel=st.sampled_from([*Channel]),
        exercise=st.booleans(),
    )  # fmt: skip
    def a_clerk_enters_a_report(self, category: str, words: str, channel: Channel, exercise: bool) -> None:
        if self.has_room():
            self.holds(*self.run(self.world.clerk_enters(category, words, channel, exercise)))

    @rule(category=st.sampled_from(CATEGORIES), flushed=st.booleans())
    def somebody_reports_to_a_process_that_has_just_started(self, category: str, flushed: bool) -> None:
        if self.has_room():
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
            self.people_do(self.dice(chance))

    people_act_on = people_go_on = people_act  # drawn as often as all else together

    @rule(name=st.sampled_from(sorted(LEADS)), chance=chances)
    def somebody_is_led(self, name: str, chance: int) -> None:
        """To where chance alone seldom comes."""
        lead_on(Lead(self, self.dice(chance)), name)
        self.holds()

    def dice(self, chance: int) -> random.Random:
        self.turns += 1
        return random.Random(f"{self.number} {self.turns} {chance}")

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
    missed = told(world)
    assert len(world.happened) > min(12, EXAMPLES) and len(world.refused) > min(5, EXAMPLES), (
        "the walks met hardly anything: they prove nothing"
    )
    assert not missed or EXAMPLES * STEPS < LONG, f"never met in a long run: {', '.join(missed)}"


def told(world: Anywhere) -> list[str]:
    """What the walks met, the rarest first, is printed; the kinds of event and of refusal that never came about."""
    for what, met in (("happened", world.happened), ("refused", world.refused)):
        print(f"{what}: {', '.join(f'{kind} {count}' for kind, count in reversed(met.most_common()))}")
    edges = sorted(f"{status}/{event}" for status, event in set(LEGAL) - world.edges)
    missed = sorted(map(str, EVENTS - world.happened.keys()))
    missed += sorted(f"refused as {one}" for one in set(Refusal) - world.refused.keys())
    print(f"edges taken: {len(LEGAL) - len(edges)} of {len(LEGAL)}; not: {', '.join(edges) or 'none'}")
    print(f"kinds never met: {', '.join(missed) or 'none'}")
    return missed
