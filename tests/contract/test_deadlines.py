"""Every timer is a row: nothing fires early, everything fires once, whoever and however many look."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import pytest

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer
from dispatch.cases.ports import CaseStore, StoreBusy
from dispatch.cases.values import DeskReason, Event, Status
from dispatch.limits import ALARMS_MAX
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.streams.sweeping import Sweeping
from tests.conftest import Database
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database, size=10) as town:
        yield town


async def test_a_window_is_never_fired_early_even_when_its_timer_says_so(town: Town) -> None:
    case = await town.report(await town.officer())
    await town.owner.execute("UPDATE deadlines SET due_at = now() - interval '1 hour' WHERE case_id = $1", case)
    assert await town.store.fire("s1") == []
    assert (await town.state(case)).status is Status.OFFERED
    assert await town.owner.fetchval("SELECT count(*) FROM deadlines WHERE case_id = $1 AND kind = 'window'", case)


async def test_a_window_that_ran_out_sends_the_case_to_the_desk_once(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.pass_time(case)
    assert "s1" in await town.store.due_stations()
    fired = await asyncio.gather(*(town.store.fire("s1") for _ in range(4)))
    mine = [a for answers in fired for a in answers if a.state is not None and a.state.id == case]
    assert [f.kind for a in mine for f in a.facts] == [Event.FELL_BACK]
    state = await town.state(case)
    assert (state.status, state.desk_reason) == (Status.AT_STATION, DeskReason.WINDOW_CLOSED)
    assert await town.store.fire("s1") == []


class Holding:
    """A store in which one kind of deadline waits for a row that somebody holds."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store
        self.told_before: list[str] = []
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def fire(self, station: str, *kinds: str) -> list[Answer]:
        if "ack" in kinds or not kinds:
            self.told_before = list(self.told)
            raise StoreBusy("a row is held")
        return await self._store.fire(station, *kinds)

    def committed(self, answers: Iterable[Answer]) -> None:
        self.told += [fact.kind for answer in answers for fact in answer.facts]


async def test_what_fell_is_told_before_the_next_kind_of_deadline_is_waited_for(town: Town) -> None:
    case = await town.report(await town.officer())
    await town.pass_time(case)
    store = Holding(town.store)
    sweeping = Sweeping(cast(CaseStore, store), store, LivePositions(Roster()), Catalogue())
    assert await sweeping.sweep() == 1
    assert store.told_before == store.told == [Event.FELL_BACK]


async def test_the_windows_of_every_station_come_before_any_other_deadline(town: Town) -> None:
    for station in ("s1", "s2"):
        await town.pass_time(await town.report(await town.officer(station), station=station))
    store = Holding(town.store)
    sweeping = Sweeping(cast(CaseStore, store), store, LivePositions(Roster()), Catalogue())
    assert await sweeping.sweep() == 2
    assert store.told_before == store.told == [Event.FELL_BACK] * 2


async def test_a_window_of_a_claimed_case_fires_nothing(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.claim(case, officer)
    await town.pass_time(case)
    assert await town.store.fire("s1") == []
    assert (await town.state(case)).status is Status.CLAIMED


async def test_a_hand_back_has_a_window_of_its_own(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.report(one, two)
    fence = (await town.claim(case, one)).response["fence"]
    await town.pass_time(case)
    await town.act(case, "handed_back", one, fence=fence, candidates=[two])
    assert await town.store.fire("s1") == []
    assert ((await town.state(case)).remaining_ms or 0) > 59_000
    await town.pass_time(case)
    assert len(await town.store.fire("s1")) == 1


async def test_another_stations_cases_are_left_alone(town: Town) -> None:
    case = await town.report(await town.officer(), station="s2")
    await town.pass_time(case)
    assert await town.store.fire("s1") == []
    assert len(await town.store.fire("s2")) == 1


async def test_many_windows_fired_by_many_sweepers_fall_back_once_each(town: Town) -> None:
    officer = await town.officer()
    cases = [await town.report(officer) for _ in range(60)]
    for case in cases:
        await town.pass_time(case)
    fired = await asyncio.gather(*(town.store.fire("s1") for _ in range(6)))
    moved = [a.state.id for answers in fired for a in answers if a.state is not None]
    assert len(moved) == len(set(moved)) and set(cases) <= set(moved)


async def test_the_alarm_repeats_until_somebody_acknowledges(town: Town) -> None:
    case = await town.at_desk()
    for nr in (1, 2, 3):
        assert await town.store.fire("s1") == []
        await town.pass_time(case, 20.0)
        (answer,) = await town.store.fire("s1")
        assert (answer.facts[0].kind, answer.facts[0].body["nr"]) == (Event.ALARM_RAISED, nr)
    assert (await town.desk(case, "acknowledged")).ok
    await town.pass_time(case)
    assert await town.store.fire("s1") == []
    assert (await town.state(case)).alarms == 3


async def test_an_alarm_is_not_raised_a_moment_early(town: Town) -> None:
    case = await town.at_desk()
    await town.pass_time(case, 15.0)
    assert await town.store.fire("s1") == []
    assert (await town.state(case)).alarms == 0
    await town.desk(case, "cleared", disposition="advice_given")


async def test_alarms_of_one_case_end_some_day(town: Town) -> None:
    case = await town.at_desk()
    await town.owner.execute("UPDATE cases SET alarms = $2 WHERE id = $1", case, ALARMS_MAX)
    await town.pass_time(case)
    assert await town.store.fire("s1") == []


async def test_many_sweepers_raise_one_alarm_a_case_and_time(town: Town) -> None:
    cases = [await town.at_desk() for _ in range(40)]
    for round_ in (1, 2, 3):
        for case in cases:
            await town.pass_time(case, 21.0)
        await asyncio.gather(*(town.store.fire("s1") for _ in range(8)))
        assert {(await town.state(case)).alarms for case in cases} == {round_}
    for case in cases:
        await town.desk(case, "acknowledged")


async def test_a_wave_opens_when_it_is_due_and_asks_nobody_twice(town: Town) -> None:
    near, far, further = await town.officers(3)
    case = await town.report(near, last_wave=False)
    assert await town.store.due_waves() == []
    await town.pass_time(case, 15.5)
    (due,) = await town.store.due_waves()
    assert (due.case, due.wave, due.asked) == (case, 2, frozenset({near}))
    (answer,) = await town.widen(case, near, far, last_wave=False)
    assert (answer.facts[0].kind, answer.facts[0].to) == (Event.OFFER_WIDENED, (far,))
    assert await town.widen(case, further) == [], "another sweeper was first"
    await town.pass_time(case, 15.5)
    assert [due.wave for due in await town.store.due_waves()] == [3]
    (last,) = await town.widen(case, far, further, wave=3, ring=3)
    assert last.facts[0].to == (further,)
    await town.pass_time(case, 15.5)
    assert await town.store.due_waves() == []
    await town.withdraw(case)


async def test_of_many_sweepers_one_opens_a_wave(town: Town) -> None:
    near, far = await town.officers(2)
    case = await town.report(near, last_wave=False)
    await town.pass_time(case, 15.5)
    answers = await asyncio.gather(*(town.widen(case, far) for _ in range(6)))
    assert sum(len(a) for a in answers) == 1
    await town.withdraw(case)


async def test_an_empty_wave_moves_on_and_does_not_end_the_window(town: Town) -> None:
    near = await town.officer()
    case = await town.report(near, last_wave=False)
    await town.pass_time(case, 15.5)
    assert await town.widen(case, last_wave=False) == []
    assert await town.store.due_waves() == [], "the next one is due after the usual pause"
    await town.pass_time(case, 15.5)
    assert [due.wave for due in await town.store.due_waves()] == [3]
    assert await town.widen(case, wave=3) == []
    assert (await town.state(case)).status is Status.OFFERED
    assert (await town.claim(case, near)).ok


async def test_all_said_no_and_the_widest_ring_is_empty_so_the_desk_has_it(town: Town) -> None:
    near = await town.officer()
    case = await town.report(near, last_wave=False)
    await town.act(case, "declined", near, round=1)
    assert await town.widen(case, last_wave=False) == []
    assert [due.wave for due in await town.store.due_waves()] == [3], "nobody is left who could answer: at once"
    (answer,) = await town.widen(case, wave=3)
    assert [f.kind for f in answer.facts] == [Event.SENT_TO_DESK]
    assert (await town.state(case)).desk_reason == DeskReason.ALL_DECLINED


async def test_who_comes_on_duty_joins_the_open_offer_and_may_win_it(town: Town) -> None:
    near, late = await town.officer(), await town.officer(on=False)
    case = await town.report(near)
    assert await town.widen(case, late, event="offer_joined", wave=1, ring=1) == []
    await town.duty(late, True)
    (answer,) = await town.widen(case, late, event="offer_joined", wave=1, ring=1)
    assert (answer.facts[0].kind, answer.facts[0].to) == (Event.OFFER_JOINED, (late,))
    assert await town.widen(case, late, event="offer_joined", wave=1, ring=1) == []
    assert (await town.claim(case, late)).ok


async def test_nobody_joins_after_the_window_or_another_round(town: Town) -> None:
    near, late = await town.officers(2)
    case = await town.report(near)
    assert await town.widen(case, late, event="offer_joined", round=2) == []
    await town.pass_time(case)
    assert await town.widen(case, late, event="offer_joined") == []


async def test_a_check_ends_with_the_seat_it_was_about_and_the_other_seats_keep_theirs(town: Town) -> None:
    """A timer of nobody would stay due for ever: found by a walk of fifty steps."""
    one, other, third = await town.officers(3)
    case = await town.report(one, other, third, category="pair")
    fences = {officer: (await town.claim(case, officer)).response["fence"] for officer in (one, other)}
    for officer in (one, other):
        assert (await town.desk(case, "welfare_asked", officer)).ok
    first = await town.owner.fetchval("SELECT due_at FROM deadlines WHERE case_id = $1 AND kind = 'welfare'", case)
    assert (await town.act(case, "handed_back", one, fence=fences[one], candidates=[third])).ok
    left = "SELECT due_at FROM deadlines WHERE case_id = $1 AND kind = 'welfare'"
    kept = await town.owner.fetchval(left, case)
    assert (
        kept
        == await town.owner.fetchval(
            "SELECT watch_due FROM assignments WHERE case_id = $1 AND officer_id = $2 AND active", case, other
        )
        and kept > first
    )
    assert (await town.act(case, "handed_back", other, fence=fences[other], candidates=[third])).ok
    assert await town.owner.fetchval(left, case) is None


async def test_a_sign_of_life_ends_the_timer_of_the_check(town: Town) -> None:
    """Found by a walk of fifty steps, like the one before."""
    (officer,) = await town.officers(1)
    case = await town.report(officer)
    fence = (await town.claim(case, officer)).response["fence"]
    assert (await town.desk(case, "welfare_asked", officer)).ok
    assert (await town.act(case, "set_out", officer, fence=fence)).ok
    assert not await town.owner.fetchval("SELECT count(*) FROM deadlines WHERE case_id = $1 AND kind = 'welfare'", case)
