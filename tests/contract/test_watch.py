"""One contract, two stores: every step of the watch and every way out; too early or twice it does nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from dispatch import limits
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.values import DeskReason, Event, Refusal, Status
from dispatch.watch.ports import WatchDraft
from dispatch.watch.progress import Sign
from tests.conftest import Database
from tests.contract.stores import MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)
NUDGE_S, ALARM_S, WELFARE_S = (n / 1000 for n in (limits.WATCH_NUDGE_MS, limits.WATCH_ALARM_MS, limits.WELFARE_MS))


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"h{number}s")
        return
    pool, owner = await connect_pool(database.app_url, size=4), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"h{number}s")
    await pool.close()
    await owner.close()


def ids(town: Town) -> list[UUID]:
    return [o.id for o in town.officers]


class Held:
    """A case that the first officer holds, and what the watch does with it."""

    def __init__(self, town: Town, case: UUID, officer: UUID, fence: int) -> None:
        self.town, self.case, self.officer, self.fence = town, case, officer, fence

    async def step(self, what: str, *candidates: UUID, after_s: float = 0.0, **changed: Any) -> list[str]:
        return [f.kind for a in await self.answers(what, *candidates, after_s=after_s, **changed) for f in a.facts]

    async def answers(self, what: str, *candidates: UUID, after_s: float = 0.0, **changed: Any) -> list[Answer]:
        if after_s:
            await self.town.ground.advance(after_s)
        meant: dict[str, Any] = {"case": self.case, "officer": self.officer, "fence": self.fence, "what": what,
                                 "why": Sign.NO_PROGRESS, "candidates": list(candidates)}  # fmt: skip
        return await self.town.ground.watch.watch(WatchDraft(**(meant | changed)))

    async def act(self, event: str, **changed: Any) -> Answer:
        draft = self.town.act(self.case, event, "officer", self.officer, fence=self.fence, **changed)
        return await self.town.store.act(draft)

    async def asked_by_desk(self, officer: UUID | None = None) -> Answer:
        draft = self.town.act(self.case, "welfare_asked", "desk", self.town.uuid(), officer=officer or self.officer)
        return await self.town.store.act(draft)

    async def state(self) -> CaseState:
        state = await self.town.store.case(self.case)
        assert state is not None
        return state

    async def shown(self) -> str | None:
        """The step that stands on the officer's seat."""
        return next(h.watch for h in (await self.state()).holders if h.officer == self.officer)

    async def is_due(self) -> bool:
        return self.case in {seat.case for seat in await self.town.ground.watch.due()}


async def held(town: Town, kind: str = "one") -> Held:
    officer = ids(town)[0]
    case, _ = await town.reported(officer, category=f"{town.stations[0]}-{kind}")
    return Held(town, case, officer, await town.claimed(case, officer))


async def checked(town: Town) -> Held:
    """With an open check that the watch came to by itself."""
    it = await held(town)
    assert await it.step("raise") == [Event.NUDGED]
    assert await it.step("due", after_s=NUDGE_S) == [Event.WATCH_ALARMED]
    assert await it.step("due", after_s=ALARM_S) == [Event.WELFARE_ASKED]
    return it


async def test_nudge_then_the_desk_then_a_check_then_a_new_round_each_after_its_time(town: Town) -> None:
    it, other = await held(town), ids(town)[1]
    assert await it.step("raise") == [Event.NUDGED]
    for pause_s, event, shown in (
        (NUDGE_S, Event.WATCH_ALARMED, "alarmed"), (ALARM_S, Event.WELFARE_ASKED, "asked"),
    ):  # fmt: skip
        assert await it.step("due", after_s=pause_s - 5) == [] and not await it.is_due()
        await town.ground.advance(5)
        assert await it.is_due()
        assert await it.step("due") == [event]
        assert await it.shown() == shown
    (answer,) = await it.answers("due", it.officer, other, after_s=WELFARE_S)
    (fact,) = answer.facts
    assert (fact.kind, fact.to, fact.officer, fact.actor) == (Event.SILENT, (other,), it.officer, "service")
    assert fact.body["why"] == Sign.NO_PROGRESS and fact.body["released"] == [str(it.officer)]
    state = await it.state()
    assert (state.status, state.round, state.holders, state.handed_back) == (Status.OFFERED, 2, (), (it.officer,))
    assert await town.claimed(it.case, other, 2)
    assert (await it.act("set_out")).reason == Refusal.STALE_FENCE
    assert not await it.is_due()


async def test_age_and_history_are_kept_when_others_are_asked(town: Town) -> None:
    it = await checked(town)
    before = await it.state()
    await it.step("due", ids(town)[1], after_s=WELFARE_S)
    after = await it.state()
    assert after.age_ms >= before.age_ms + 1000 * WELFARE_S
    kinds = [entry.kind for entry in await town.store.history(it.case)]
    assert kinds[-4:] == [Event.NUDGED, Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.SILENT]


async def test_with_nobody_else_near_the_desk_has_it(town: Town) -> None:
    it = await checked(town)
    assert await it.step("due", it.officer, after_s=WELFARE_S) == [Event.SILENT_TO_DESK]
    state = await it.state()
    assert (state.status, state.desk_reason, state.acknowledged) == (Status.AT_STATION, DeskReason.SILENT, False)
    await town.ground.advance(20)
    fired = [f.kind for a in await town.store.fire(town.stations[0]) for f in a.facts]
    assert fired == [Event.ALARM_RAISED]


async def test_a_case_that_came_back_before_goes_to_the_desk(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b)
    await town.store.act(town.act(case, "handed_back", "officer", a, fence=await town.claimed(case, a), candidates=[b]))
    it = Held(town, case, b, await town.claimed(case, b, 2))
    assert (await it.asked_by_desk()).ok
    assert await it.step("due", c, after_s=WELFARE_S) == [Event.SILENT_TO_DESK]


async def test_one_tap_answers_and_nobody_asks_again_for_a_while(town: Town) -> None:
    it = await checked(town)
    assert (await it.act("welfare_answered")).ok
    assert await it.shown() is None
    assert await it.step("due", ids(town)[1], after_s=WELFARE_S) == []
    assert await it.step("raise") == []
    assert await it.step("raise", after_s=limits.WATCH_REST_MS / 1000) == [Event.NUDGED]


@pytest.mark.parametrize("event", ["set_out", "arrived"])
async def test_an_act_is_a_sign_of_life_and_ends_the_watch(town: Town, event: str) -> None:
    it = await checked(town)
    assert (await it.act(event)).ok
    assert await it.shown() is None
    assert await it.step("due", ids(town)[1], after_s=WELFARE_S) == []


async def test_coming_nearer_ends_what_the_watch_began_and_not_what_a_person_asked(town: Town) -> None:
    it = await checked(town)
    assert await it.step("ease") == [Event.WATCH_EASED]
    assert await it.shown() is None
    assert (await it.asked_by_desk()).ok
    assert await it.step("ease") == []
    assert await it.shown() == "asked"


async def test_on_scene_a_check_that_runs_out_tells_the_desk_and_takes_nobody_off(town: Town) -> None:
    it = await held(town)
    await it.act("arrived")
    assert await it.step("raise") == [], "on scene nothing is noticed"
    assert (await it.asked_by_desk()).ok
    assert await it.step("due", ids(town)[1], after_s=WELFARE_S) == [Event.WELFARE_MISSED]
    state = await it.state()
    assert (state.status, [h.officer for h in state.holders]) == (Status.ON_SCENE, [it.officer])
    assert await it.shown() == "missed"
    assert await it.step("due", ids(town)[1], after_s=WELFARE_S) == []
    assert (await it.act("welfare_answered")).ok, "late, and welcome"
    assert await it.shown() is None


async def test_a_check_that_began_on_the_way_and_ran_out_on_scene_takes_nobody_off(town: Town) -> None:
    """One of two is asked while the other arrives."""
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-two")
    it = Held(town, case, a, await town.claimed(case, a))
    fence = await town.claimed(case, b)
    assert (await it.asked_by_desk()).ok
    await town.store.act(town.act(case, "arrived", "officer", b, fence=fence))
    assert await it.step("due", c, after_s=WELFARE_S) == [Event.WELFARE_MISSED]
    assert {h.officer for h in (await it.state()).holders} == {a, b}


async def test_of_two_on_the_way_only_the_silent_one_leaves(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-two")
    it = Held(town, case, a, await town.claimed(case, a))
    fence = await town.claimed(case, b)
    assert (await it.asked_by_desk()).ok
    assert await it.step("due", c, after_s=WELFARE_S) == [Event.SILENT]
    state = await it.state()
    assert [h.officer for h in state.holders] == [b] and state.status is Status.OFFERED
    assert await town.claimed(case, c, 2)
    assert (await town.store.act(town.act(case, "set_out", "officer", b, fence=fence))).ok


async def test_while_the_case_is_elsewhere_a_nudge_waits(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-two")
    it = Held(town, case, a, await town.claimed(case, a))
    fence = await town.claimed(case, b)
    assert await it.step("raise") == [Event.NUDGED]
    await town.store.act(town.act(case, "handed_back", "officer", b, fence=fence, candidates=[c]))
    assert await it.step("due", after_s=NUDGE_S) == [] and not await it.is_due()
    assert await it.shown() == "nudged"
    assert (await town.store.act(town.act(case, "declined", "officer", c, round=2))).ok
    assert (await town.store.act(town.act(case, "assigned", "desk", town.uuid(), officer=c))).ok
    assert await it.step("due", after_s=NUDGE_S) == [Event.WATCH_ALARMED]


async def test_the_guards_of_asking_and_answering(town: Town) -> None:
    it, stranger = await held(town), ids(town)[1]
    assert (await it.act("welfare_answered")).reason == Refusal.NOT_ASKED
    assert (await it.asked_by_desk(stranger)).reason == Refusal.STALE_FENCE
    assert (await it.asked_by_desk(town.uuid())).reason == Refusal.NOT_FOUND
    assert (await it.asked_by_desk()).ok
    assert (await it.asked_by_desk()).reason == Refusal.CHECK_OPEN
    elsewhere = town.act(it.case, "welfare_asked", "desk", town.uuid(), officer=it.officer, station=town.stations[1])
    assert (await town.store.act(elsewhere)).reason == Refusal.NOT_YOURS
    answer = town.act(it.case, "welfare_answered", "officer", it.officer, fence=it.fence)
    first, again = [await town.store.act(answer) for _ in range(2)]
    assert first.ok and (again.ok, again.facts) == (True, ())
    assert (await it.act("silent")).reason == Refusal.NOT_YOURS
    waiting, _ = await town.reported()
    asked = town.act(waiting, "welfare_asked", "desk", town.uuid(), officer=it.officer)
    assert (await town.store.act(asked)).reason == Refusal.ILLEGAL


async def test_a_seat_of_earlier_is_left_alone(town: Town) -> None:
    it, other = await held(town), ids(town)[1]
    await it.step("raise")
    await it.act("handed_back", candidates=[other])
    await town.claimed(it.case, other, 2)
    for what in ("raise", "ease", "due"):
        assert await it.step(what, after_s=NUDGE_S) == []
    assert await it.step("raise", officer=other) == [], "a fence of somebody else"


async def test_many_sweepers_take_each_step_once(town: Town) -> None:
    it, other = await held(town), ids(town)[1]
    taken = []
    for what, pause_s in (("raise", 0.0), ("due", NUDGE_S), ("due", ALARM_S), ("due", WELFARE_S)):
        await town.ground.advance(pause_s)
        found = await asyncio.gather(*(it.step(what, other) for _ in range(4)))
        taken.append([kind for kinds in found for kind in kinds])
    assert taken == [[Event.NUDGED], [Event.WATCH_ALARMED], [Event.WELFARE_ASKED], [Event.SILENT]]


async def test_a_categorys_own_patience_is_each_pause(town: Town) -> None:
    it = await held(town, "fast")
    assert await it.step("raise") == [Event.NUDGED]
    for event in (Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.SILENT_TO_DESK):
        assert await it.step("due") == []
        assert await it.step("due", after_s=3.1) == [event]


async def test_only_officers_on_the_way_are_watched(town: Town) -> None:
    it = await held(town)
    assert it.case in {seat.case for seat in await town.ground.watch.watched()}
    await it.act("arrived")
    assert it.case not in {seat.case for seat in await town.ground.watch.watched()}


async def second(town: Town, kind: str = "two") -> tuple[Held, UUID]:
    """Of two, one is on scene; the other, who is watched, is still to come. And who is there."""
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-{kind}")
    it = Held(town, case, a, await town.claimed(case, a))
    fence = await town.claimed(case, b)
    assert (await town.store.act(town.act(case, "arrived", "officer", b, fence=fence))).ok
    return it, b


@pytest.mark.parametrize("set_out", [False, True])
async def test_who_comes_second_is_watched_and_its_silence_is_told_to_the_desk(town: Town, set_out: bool) -> None:
    it, there = await second(town)
    if set_out:
        assert (await it.act("set_out")).ok
    watched = {(seat.case, seat.officer) for seat in await town.ground.watch.watched()}
    assert (it.case, it.officer) in watched and (it.case, there) not in watched
    assert await it.step("raise") == [Event.NUDGED]
    assert await it.step("due", after_s=NUDGE_S) == [Event.WATCH_ALARMED]
    assert await it.step("due", after_s=ALARM_S) == [Event.WELFARE_ASKED]
    assert await it.step("due", ids(town)[2], after_s=WELFARE_S) == [Event.WELFARE_MISSED], "nobody else is asked"
    state = await it.state()
    assert (state.status, [h.officer for h in state.holders]) == (Status.ON_SCENE, [it.officer, there])
    assert await it.shown() == "missed"
    assert (await it.act("arrived")).ok, "late, and a sign of life"
    assert await it.shown() is None
    assert await it.step("raise") == [], "on scene nothing is noticed"


async def test_who_comes_second_ends_the_watch_by_coming_nearer(town: Town) -> None:
    it, there = await second(town)
    assert await it.step("raise") == [Event.NUDGED]
    assert await it.step("ease") == [Event.WATCH_EASED]
    assert await it.shown() is None
    fence = next(h.fence for h in (await it.state()).holders if h.officer == there)
    assert await it.step("raise", officer=there, fence=fence) == [], "who is there is left alone"


async def test_another_officer_sent_to_the_case_does_not_end_the_check_of_the_first(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, category=f"{town.stations[0]}-two")
    it = Held(town, case, a, await town.claimed(case, a))
    fence = await town.claimed(case, b)
    assert (await it.asked_by_desk()).ok
    await town.store.act(town.act(case, "handed_back", "officer", b, fence=fence))
    assert (await it.state()).status is Status.AT_STATION
    assert (await town.store.act(town.act(case, "assigned", "desk", town.uuid(), officer=c))).ok
    await town.ground.advance(WELFARE_S)
    assert await it.is_due()
