"""A sweeper's watch over positions that are moved: whom it notices, whom it leaves alone, and what a death costs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from dispatch.cases.catalogue import Catalogue, Category
from dispatch.cases.facts import Answer
from dispatch.cases.values import Event, Status
from dispatch.limits import (
    FIX_INTERVAL_S,
    GENERATION_AGE_S_MIN,
    WATCH_AWAY_S,
    WATCH_DARK_S,
    WATCH_LOOK_S,
    WATCH_STALL_S,
)
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import OnDuty, Roster
from dispatch.watch.watching import Watching
from geo.point import Point
from tests.contract.stores import LAT, LON, MemoryGround, Town, a_town

DEGREE_M = 111_195.0
DUE_S = 245.0  # nudge, alarm and check together, and a little


@dataclass
class Told:
    """What a process told the others."""

    kinds: list[str] = field(default_factory=list)

    def committed(self, answers: Iterable[Answer]) -> None:
        self.kinds += [fact.kind for answer in answers for fact in answer.facts]


class Sweeper:
    """One process's watch, on a clock of its own that is moved with the database's."""

    def __init__(self, street: "Street") -> None:
        self.street, self.told = street, Told()
        roster = Roster()
        roster.load(OnDuty(o.id, o.station, o.call_sign, o.surname, 1) for o in street.town.officers if o.on_duty)
        self.positions = LivePositions(roster, lambda: street.at_s, everybody=True)
        self.positions.listening(True)
        category = Category(f"{street.town.stations[0]}-one", "", "")
        catalogue = Catalogue({category.id: category}, {}, "")
        self.watching = Watching(
            street.ground.watch, self.told, self.positions, catalogue, lambda: street.at_s, before_rounds=self._free
        )

    async def _free(self) -> None:
        self.street.rosters_read += 1


class Street:
    """A town in memory, officers' places as functions of the time, and sweepers that hear them."""

    def __init__(self) -> None:
        self.ground, self.at_s, self.sweepers, self.rosters_read = MemoryGround(), 0.0, list[Sweeper](), 0
        self.ways: dict[UUID, float | None] = {}  # metres north of the place, None: the phone is silent
        self.town: Town

    async def begin(self) -> "Street":
        self.town = await a_town(self.ground, 1)
        self.sweepers.append(Sweeper(self))
        await self.run(GENERATION_AGE_S_MIN + 1)
        return self

    async def run(self, seconds: float, metres_a_s: float = 0.0, *who: UUID) -> None:
        """So much time passes; these officers come nearer at a speed, phones send, sweepers turn once a second."""
        for n in range(int(seconds)):
            self.at_s += 1.0
            self.ground.us += 1_000_000
            for officer in who:
                metres = self.ways[officer]
                self.ways[officer] = None if metres is None else metres - metres_a_s
            if n % int(FIX_INTERVAL_S) == 0:
                self._send()
            for sweeper in self.sweepers:
                await sweeper.watching.turn()

    def _send(self) -> None:
        for officer, metres in self.ways.items():
            if metres is not None:
                place = Point(LAT + metres / DEGREE_M, LON)
                for sweeper in self.sweepers:
                    sweeper.positions.heard([(officer, place.lat, place.lon, 10.0, 0.0)])

    async def held(self, officer: UUID) -> UUID:
        case, _ = await self.town.reported(officer)
        await self.town.claimed(case, officer)
        return case

    async def history(self, case: UUID) -> list[str]:
        return [entry.kind for entry in await self.town.store.history(case)][3:]


@pytest.fixture
async def street() -> Street:
    return await Street().begin()


def officers(street: Street) -> list[UUID]:
    return [o.id for o in street.town.officers]


async def test_who_stands_still_is_nudged_asked_and_relieved_by_who_is_near(street: Street) -> None:
    one, two, *_ = officers(street)
    street.ways |= {one: 2_000.0, two: 900.0}
    case = await street.held(one)
    await street.run(WATCH_STALL_S - 5)
    assert await street.history(case) == []
    await street.run(30)
    assert await street.history(case) == [Event.NUDGED]
    await street.run(DUE_S)
    said = await street.history(case)
    assert (
        said == [Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.SILENT] == street.sweepers[0].told.kinds
    )
    state = await street.town.store.case(case)
    assert state is not None and state.status is Status.OFFERED and street.rosters_read == 1
    assert await street.town.claimed(case, two, 2)


async def test_who_does_not_come_to_help_is_noticed_though_another_is_on_scene(street: Street) -> None:
    one, two, *_ = officers(street)
    street.ways |= {one: 0.0, two: 2_000.0}
    case, town = await street.held(one), street.town
    state = await town.store.case(case)
    assert state is not None
    assert (await town.store.act(town.act(case, "officer_added", "desk", town.uuid(), officer=two))).ok
    assert (await town.store.act(town.act(case, "arrived", "officer", one, fence=state.holders[0].fence))).ok
    await street.run(WATCH_STALL_S + 25 + DUE_S)
    told = [Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.WELFARE_MISSED]
    assert (await street.history(case))[2:] == told and street.rosters_read == 0
    state = await town.store.case(case)
    assert state is not None and [holder.watch for holder in state.holders] == [None, "missed"]


async def test_who_comes_nearer_is_never_asked_anything(street: Street) -> None:
    one, *_ = officers(street)
    street.ways[one] = 3_000.0
    case = await street.held(one)
    await street.run(900, 3.0, one)
    assert await street.history(case) == []


async def test_who_goes_on_after_the_nudge_is_left_alone(street: Street) -> None:
    one, *_ = officers(street)
    street.ways[one] = 2_000.0
    case = await street.held(one)
    await street.run(WATCH_STALL_S + 25)
    await street.run(60, 5.0, one)
    assert await street.history(case) == [Event.NUDGED, Event.WATCH_EASED]


async def test_who_drives_away_is_noticed_by_that_word(street: Street) -> None:
    one, *_ = officers(street)
    street.ways[one] = 1_000.0
    case = await street.held(one)
    await street.run(WATCH_AWAY_S + 25, -10.0, one)
    entries = await street.town.store.history(case)
    assert (entries[-1].kind, entries[-1].body) == (Event.NUDGED, {"why": "other_direction"})


async def test_a_phone_without_background_positions_is_asked_late_and_answers_by_one_tap(street: Street) -> None:
    one, *_ = officers(street)
    case = await street.held(one)
    await street.run(WATCH_DARK_S - 5)
    assert await street.history(case) == []
    await street.run(130)
    entries = await street.town.store.history(case)
    assert [e.kind for e in entries][-1] == Event.WELFARE_ASKED and entries[-1].body["why"] == "no_position"
    state = await street.town.store.case(case)
    assert state is not None
    fence = state.holders[0].fence
    answer = street.town.act(case, "welfare_answered", "officer", one, fence=fence)
    assert (await street.town.store.act(answer)).ok
    await street.run(240)
    assert (await street.history(case))[-1] == Event.WELFARE_ANSWERED


async def test_a_sweeper_that_hears_nobody_accuses_nobody(street: Street) -> None:
    one, *_ = officers(street)
    street.ways[one] = 2_000.0
    case = await street.held(one)
    await street.run(20)
    street.sweepers[0].positions.listening(False)
    street.ways[one] = None
    await street.run(WATCH_DARK_S + 300)
    assert await street.history(case) == []
    street.sweepers[0].positions.listening(True)
    await street.run(WATCH_DARK_S - 5)
    assert await street.history(case) == [], "what was missed while deaf is nobody's silence"


async def test_a_death_after_the_nudge_costs_nothing_and_another_goes_on(street: Street) -> None:
    one, two, *_ = officers(street)
    street.ways |= {one: 2_000.0, two: 900.0}
    case = await street.held(one)
    await street.run(WATCH_STALL_S + 25)
    street.sweepers = [Sweeper(street)]
    await street.run(DUE_S)
    assert await street.history(case) == [Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.SILENT]


async def test_three_sweepers_say_each_thing_once(street: Street) -> None:
    one, two, *_ = officers(street)
    street.sweepers += [Sweeper(street), Sweeper(street)]
    street.ways |= {one: 2_000.0, two: 900.0}
    case = await street.held(one)
    await street.run(WATCH_STALL_S + 25 + DUE_S)
    assert await street.history(case) == [Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.SILENT]


async def test_ways_of_seats_that_ended_are_forgotten(street: Street) -> None:
    one, *_ = officers(street)
    street.ways[one] = 2_000.0
    case = await street.held(one)
    await street.run(10)
    assert len(street.sweepers[0].watching._ways) == 1
    await street.town.store.act(street.town.act(case, "withdrawn", "reporter", case))
    await street.run(WATCH_LOOK_S + 1)
    assert not street.sweepers[0].watching._ways
