"""A snapshot and the events after it are a fresh snapshot: for every event and every role, in every process (B3).

One story of three cases causes every event there is. Its facts reach processes in three ways: as the committing process
knows them, over a bus that doubles and reorders, and read from the database alone. The list of pairs is generated.
"""

import itertools
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from dispatch.cases.audience import DUTY
from dispatch.cases.facts import Answer
from dispatch.cases.values import Event
from dispatch.cases.views import DeskCase, Gone, Talk
from dispatch.people.values import Role
from dispatch.safety.panics import KINDS as PANICS
from dispatch.talk.threads import READ
from tests.conftest import Database
from tests.contract.grouped_story import grouped
from tests.contract.screens import Process, Screen, Wire, desk_, differences, officer_, reporter_, supervisor_
from tests.contract.small_town import Town, small_town

ROLES: Final = (Role.OFFICER, Role.DESK, Role.REPORTER, Role.SUPERVISOR)
KINDS: Final = (*Event, DUTY, READ, *sorted(PANICS))
Step = Callable[[], Awaitable[list[Answer]]]
Acted = Callable[..., Awaitable[list[Answer]]]


@dataclass(slots=True)
class Told:
    """What the story showed: per kind and role how many comparisons, and which of them differed."""

    compared: defaultdict[tuple[str, Role], int] = field(default_factory=lambda: defaultdict(int))
    differing: defaultdict[tuple[str, Role], list[str]] = field(default_factory=lambda: defaultdict(list))
    late: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    points: int = 0
    elsewhere: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture(scope="module")
async def told(town: Town) -> Told:
    """The story once, for all tests of this file."""
    return await Telling(town).tell()


class Telling:
    """Three cases from report to end, and the screens that watch."""

    def __init__(self, town: Town) -> None:
        self.town, self.wire, self.told = town, Wire(), Told()
        self.x, self.y, self.z = uuid4(), uuid4(), uuid4()
        self.rng = random.Random(20)

    async def steps(self) -> list[Step]:
        town, x, y, z = self.town, self.x, self.y, self.z
        await town.owner.execute("UPDATE categories SET check_in_s = 60 WHERE id = 'plain'")
        a, b, c = await town.officers(3)
        late = await town.officer(on=False)
        self.people = (a, b, c, late)

        async def fence(case: UUID, officer: UUID) -> int:
            return await town.fence(case, officer)

        async def acted(case: UUID, event: str, officer: UUID, **more: Any) -> list[Answer]:
            return [await town.act(case, event, officer, fence=await fence(case, officer), **more)]

        async def fired(case: UUID, seconds: float = 61) -> list[Answer]:
            await town.pass_time(case, seconds)
            return await town.store.fire("s1")

        async def one(answer: Awaitable[Answer]) -> list[Answer]:
            return [await answer]

        said = self._said
        draft, report = town.draft, town.store.report
        return [
            lambda: one(town.duty(late, True)),
            lambda: report([draft([a, b], id=x, last_wave=False)]),
            lambda: town.widen(x, c),
            lambda: town.widen(x, late, event="offer_joined", wave=2, ring=2),
            lambda: one(town.act(x, "declined", c, round=1)),
            lambda: said(x, actor="reporter"),
            lambda: one(town.claim(x, a)),
            lambda: said(x, a),
            lambda: said(x, actor="desk"),
            lambda: said(x, a, upto=2**31 - 1),
            lambda: said(x, actor="desk", upto=2**31 - 1),
            lambda: acted(x, "set_out", a),
            lambda: said(x, actor="reporter", upto=2**31 - 1),
            lambda: said(x, actor="reporter"),
            lambda: acted(x, "handed_back", a, candidates=[b, c]),
            lambda: report([draft([], id=z)]),
            lambda: one(town.claim(x, b, 2)),
            lambda: said(x, b),
            lambda: acted(x, "arrived", b),
            *self._on_scene(b, fired, acted),
            *self._end(b, acted),
            lambda: said(x, actor="desk"),
            lambda: fired(x),
            lambda: report([draft([a, b, c], id=y, category="pair")]),
            lambda: one(town.claim(y, b)),
            lambda: acted(y, "handed_back", b),
            lambda: one(town.claim(y, a)),
            lambda: fired(y),
            lambda: fired(y),
            lambda: one(town.desk(y, "acknowledged")),
            lambda: said(y, actor="desk"),
            lambda: one(town.desk(y, "assigned", c)),
            lambda: one(town.desk(y, "reassigned", b)),
            lambda: acted(y, "handed_back", b),
            lambda: one(town.withdraw(y)),
            *grouped(town, z),
            *self._desk(acted, fired),
            *self._end_of_shift(acted),
            *self._help(a, b),
            lambda: one(town.duty(late, False)),
        ]

    async def _said(self, case: UUID, officer: UUID | None = None, actor: str = "officer", **more: Any) -> list[Answer]:
        """By an officer who holds it, the desk or the reporter: a line, or with `upto` that it was read."""
        town, event = self.town, "read" if "upto" in more else "said"
        meant: dict[str, Any] = {"words": "在南门", "salt": "00ff"} | more
        if actor == "desk":
            return [await town.desk(case, event, **meant)]
        if officer is None:
            return [await town.act(case, event, actor="reporter", actor_id=uuid4(), scope=f"case:{case}", **meant)]
        return [await town.act(case, event, officer, fence=await town.fence(case, officer), **meant)]

    def _end(self, officer: UUID, acted: Acted) -> list[Step]:
        """The word at the door, the end, and what may follow it."""
        town, x = self.town, self.x

        async def met() -> list[Answer]:
            word = next(h.word for h in (await town.state(x)).holders if h.officer == officer)
            return await acted(x, "met", officer, word=word)

        async def by_reporter(event: str, **more: Any) -> list[Answer]:
            meant: dict[str, Any] = {"actor": "reporter", "actor_id": uuid4(), "scope": f"case:{x}", "salt": "00"}
            return [await town.act(x, event, **meant, **more)]

        async def by_supervisor() -> list[Answer]:
            return [await town.desk(x, "reclassified", disposition="hoax", actor="supervisor")]

        return [
            met,
            lambda: acted(x, "cleared", officer, disposition="founded"),
            lambda: by_reporter("rated", stars=4, words="谢谢"),
            by_supervisor,
            lambda: by_reporter("objected", words="还没有解决"),
        ]

    def _desk(self, acted: Acted, fired: Callable[..., Awaitable[list[Answer]]]) -> list[Step]:
        """What a desk does with a case of its queue: takes it, sends, adds, takes back and offers it anew."""
        town, z, (a, b, c) = self.town, self.z, self.people[:3]

        def desk(event: str, officer: UUID | None = None, **more: Any) -> Step:
            async def act() -> list[Answer]:
                return [await town.desk(z, event, officer, **more)]

            return act

        def answered(event: str) -> Step:
            async def act() -> list[Answer]:
                return [await town.act(z, event, actor="reporter", actor_id=z, scope=f"case:{z}")]

            return act

        return [
            desk("taken_by_desk"),
            desk("assigned", c),
            lambda: acted(z, "second_asked", c),
            desk("officer_added", b),
            desk("officer_taken_back", c, reason="needed elsewhere"),
            desk("officer_taken_back", b, reason="needed elsewhere"),
            desk("reoffered", candidates=[a, b]),
            lambda: fired(z),
            desk("put_on_hold", hold_min=1),
            lambda: fired(z),
            desk("appointment_offered", hold_min=60, lasts_min=30),
            answered("appointment_accepted"),
            lambda: fired(z, 3700),
            desk("appointment_offered", hold_min=60, lasts_min=30),
            answered("appointment_declined"),
            lambda: fired(z),
            lambda: fired(z),
            desk("handed_over", to_station="s2", reason="theirs"),
            desk("handed_over", to_station="s1", reason="not ours", station="s2"),
            desk("cleared", disposition="referred", referred_to="the water company", reason="theirs"),
        ]

    def _watched(self, acted: Acted) -> list[Step]:
        """One is noticed, eases, is noticed again and never answers; another answers, and then not, on scene."""
        town, v, (a, b) = self.town, uuid4(), self.people[:2]
        last = uuid4()

        def step(what: str, officer: UUID, *candidates: UUID, case: UUID = v) -> Step:
            return lambda: town.watch(case, what, officer, *candidates)

        async def asked(officer: UUID, case: UUID = v) -> list[Answer]:
            return [await town.desk(case, "welfare_asked", officer)]

        async def claimed(officer: UUID, round_: int, case: UUID = v) -> list[Answer]:
            return [await town.claim(case, officer, round_)]

        return [
            lambda: town.store.report([town.draft([a], id=v)]),
            lambda: claimed(a, 1),
            step("raise", a), step("ease", a), step("raise", a), step("due", a), step("due", a), step("due", a, b),
            lambda: claimed(b, 2),
            lambda: asked(b),
            lambda: acted(v, "welfare_answered", b),
            lambda: acted(v, "arrived", b),
            lambda: asked(b),
            step("due", b),
            lambda: acted(v, "cleared", b, disposition="founded"),
            lambda: town.store.report([town.draft([a], id=last)]),
            lambda: claimed(a, 1, last),
            lambda: asked(a, last),
            step("due", a, case=last),
        ]  # fmt: skip

    def _pulled(self, acted: Acted) -> list[Step]:
        """Away to something worse, with somebody else near and without."""
        town, (a, b), (v, w, x) = self.town, self.people[:2], [uuid4() for _ in range(3)]

        async def claimed(case: UUID, officer: UUID, round_: int = 1) -> list[Answer]:
            return [await town.claim(case, officer, round_)]

        return [
            lambda: town.store.report([
                town.draft([a], id=v), town.draft([], id=w, category="urgent"), town.draft([], id=x, category="urgent"),
            ]),
            lambda: claimed(v, a),
            lambda: town.pull(a, v, w, b),
            lambda: claimed(v, b, 2),
            lambda: town.pull(b, v, x),
            lambda: acted(w, "arrived", a), lambda: acted(w, "cleared", a, disposition="founded"),
            lambda: acted(x, "arrived", b), lambda: acted(x, "cleared", b, disposition="founded"),
        ]  # fmt: skip

    def _end_of_shift(self, acted: Acted) -> list[Step]:
        """One alone passes a case on, one of two leaves the other to it."""
        town, store, (v, w), (a, b) = self.town, self.town.store, (uuid4(), uuid4()), self.people[:2]

        async def claimed(case: UUID, officer: UUID) -> list[Answer]:
            return [await town.claim(case, officer)]

        return [
            lambda: store.report([town.draft([a], id=v), town.draft([a, b], id=w, category="pair")]),
            lambda: claimed(v, a),
            lambda: acted(v, "transferred", a),
            lambda: claimed(w, a),
            lambda: claimed(w, b),
            lambda: acted(w, "transferred", b),
            lambda: acted(w, "transferred", a),
            *self._watched(acted),
            *self._pulled(acted),
        ]

    def _on_scene(self, officer: UUID, fired: Acted, acted: Acted) -> list[Step]:
        """Asked for a sign of life, silent, then well; and its reporter is told to call."""
        town, x = self.town, self.x

        async def advised() -> list[Answer]:
            return [await town.advised(x, "weapon")]

        return [lambda: fired(x), lambda: fired(x), lambda: acted(x, "checked_in", officer), advised]

    def _help(self, officer: UUID, near: UUID) -> list[Step]:
        """An officer calls for help until the desk has made sure."""
        town = self.town

        async def called() -> list[Answer]:
            return [await town.panic(officer, near)]

        async def cleared() -> list[Answer]:
            return [await town.clear_panic(officer)]

        return [called, cleared]

    async def tell(self) -> Told:
        steps = await self.steps()
        signs = dict(await self.town.owner.fetch("SELECT id, call_sign FROM officers"))
        officers = [officer_(officer, call_sign=signs[officer]) for officer in self.people]
        people = [
            *officers,
            desk_(),
            supervisor_("s1"),
            supervisor_("s2"),
            supervisor_(None),
            *map(reporter_, (self.x, self.y, self.z)),
        ]
        own, bus, deaf, later = (Process(self.town.store, self.wire, n) for n in ("own", "bus", "deaf", "later"))
        processes = (own, bus, deaf, later)
        for process in processes:
            await process.feed.start()
        watching = [(p, [p.screen(who) for who in people]) for p in processes]
        other = own.screen(desk_("s2"))
        left: list[tuple[Screen, int]] = []
        for step in steps:
            left += [(screen.copy(), len(screen.got)) for screen in watching[0][1]]
            facts = await self._committed(step, own)
            self._carry(bus)
            await deaf.mend()
            for process, screens in watching[:3]:
                for screen in screens:
                    wrong = differences(screen.catch_up(), await process.fresh(screen.who))
                    for kind in facts:
                        self.told.compared[kind, screen.who.role] += 1
                        if wrong:
                            self.told.differing[kind, screen.who.role].append(f"{process.feed._origin}: {wrong}")
        await later.mend()
        for screen in watching[3][1]:
            self.told.late += filter(None, [differences(screen.catch_up(), await own.fresh(screen.who))])
        await self._resume(own, watching[0][1], left)
        self.told.elsewhere = other.catch_up().got
        return self.told

    async def _committed(self, step: Step, own: Process) -> list[str]:
        answers = await step()
        assert answers and all(answer.ok for answer in answers), answers
        own.feed.committed(answers)
        return [fact.kind for answer in answers for fact in answer.facts]

    def _carry(self, bus: Process) -> None:
        """What was published since, twice over and in any order; before it a little of what is old."""
        order = list(range(max(0, len(self.wire.posted) - 3), len(self.wire.posted))) * 2
        self.rng.shuffle(order)
        self.wire.carry(bus, order)

    async def _resume(self, own: Process, screens: list[Screen], left: list[tuple[Screen, int]]) -> None:
        """Everyone who went away at any step comes back now."""
        live = {screen.who: screen for screen in screens}
        for screen, had in left:
            who = screen.who
            missed = own.resume.missed(who, own.resume.token(who), screen.at)
            if who.role is Role.REPORTER:
                self.told.resumed += [] if missed == "one_case" else [f"{who}: {missed}"]
                continue
            if who.role is Role.SUPERVISOR:
                self.told.resumed += [] if missed == "alarms" else [f"{who}: {missed}"]
                continue
            self.told.points += 1
            if isinstance(missed, str):
                self.told.resumed.append(f"{who.name}: {missed}")
                continue
            views = [told.view for told in missed]
            for view in views:
                screen.see(view)
            wrong = differences(screen, await own.fresh(who))
            was = [(type(v), v.stream, v.offset) for v in live[who].got[had:]]
            now = [(type(v), v.stream, v.offset) for v in views]
            self.told.resumed += filter(None, [wrong, "" if was == now else f"{was} != {now}"])


@pytest.mark.parametrize(("kind", "role"), list(itertools.product(KINDS, ROLES)))
def test_a_snapshot_and_the_events_after_it_are_a_fresh_snapshot(told: Told, kind: str, role: Role) -> None:
    assert told.compared[kind, role] > 0, f"the story has no {kind} that a {role} watches"
    assert not told.differing[kind, role], told.differing[kind, role][0]


def test_a_process_that_slept_through_the_story_shows_its_end(told: Told) -> None:
    assert not told.late, told.late[0]


def test_whoever_went_away_at_any_step_is_told_exactly_what_was_missed(told: Told) -> None:
    assert told.points > 100
    assert not told.resumed, told.resumed[0]


def test_another_stations_desk_is_told_only_of_what_was_handed_to_it_and_taken_again(told: Told) -> None:
    seen = [type(view) for view in told.elsewhere if not isinstance(view, Talk)]
    assert seen == [DeskCase, Gone]
