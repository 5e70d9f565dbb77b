"""Modes on both stores: a turn and a head start are waves, an eligible officer is the same everywhere."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID

import pytest

from dispatch.adapters.memory.rows import StationRow
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.eligibility import Border, Candidate, Ineligible, Wanted, eligible, why_not
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.ports import DueWave
from dispatch.cases.values import Status
from dispatch.limits import SHIFT_LAST_MIN
from tests.conftest import Database
from tests.contract.stores import MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)
TURN: Final = {"asks": 1, "pause_ms": 8_000, "last_wave": False}
NOW: Final = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"t{number}s", abroad=1)
        return
    pool, owner = await connect_pool(database.app_url, size=2), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"t{number}s", abroad=1)
    await pool.close()
    await owner.close()


def ids(town: Town) -> list[UUID]:
    return [o.id for o in town.officers]


def state_of(answer: Answer) -> CaseState:
    assert answer.state is not None
    return answer.state


async def due(town: Town) -> list[DueWave]:
    return [one for one in await town.store.due_waves() if one.station in town.stations]


async def turned(town: Town, case: UUID, *candidates: UUID, wave: int = 2, **other: Any) -> list[Answer]:
    """What a sweeper does with a turn that is due."""
    draft = town.wide(case, *candidates, wave=wave, ring=wave, **{**TURN, **other})
    return await town.store.widen([draft])


async def declined(town: Town, case: UUID, officer: UUID) -> Answer:
    return await town.store.act(town.act(case, "declined", "officer", officer, round=1))


# --- best officer
async def test_a_turn_asks_the_first_who_may_be_asked_and_nobody_else(town: Town) -> None:
    a, b, c, *_, off = ids(town)
    _, answer = await town.reported(off, b, a, c, **TURN)
    assert answer.facts[-1].to == (b,)


async def test_the_next_turn_is_due_when_the_first_ends_and_not_before(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, **TURN)
    await town.ground.advance(7.5)
    assert await due(town) == []
    await town.ground.advance(0.6)
    assert [(one.case, one.wave, one.asked) for one in await due(town)] == [(case, 2, frozenset({a}))]
    (second,) = await turned(town, case, b)
    assert (second.facts[0].kind, second.facts[0].to, state_of(second).wave) == ("offer_widened", (b,), 2)
    assert await due(town) == []


async def test_a_decline_ends_a_turn_at_once_though_an_earlier_officer_is_still_silent(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, c, **TURN)
    await town.ground.advance(8.1)
    await turned(town, case, b, c)
    await declined(town, case, b)
    assert [one.wave for one in await due(town)] == [3]


async def test_whose_turn_is_over_may_still_claim_while_the_window_is_open(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, **TURN)
    await town.ground.advance(8.1)
    await turned(town, case, b)
    assert await town.claimed(case, a) == 1
    (late,) = await town.store.claim([town.claim(case, b)])
    assert (late.ok, late.reason) == (False, "taken")


async def test_when_everyone_declined_in_turn_the_desk_has_it_at_once(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, **TURN)
    await declined(town, case, a)
    await turned(town, case, b)
    last = await declined(town, case, b)
    assert state_of(last).status is Status.OFFERED, "somebody may have come meanwhile: the sweeper looks"
    (sent,) = await turned(town, case, wave=3, last_wave=True)
    assert (state_of(sent).status, state_of(sent).desk_reason) == (Status.AT_STATION, "all_declined")
    assert await due(town) == []


async def test_turns_go_on_while_somebody_might_answer(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, **TURN)
    await town.ground.advance(8.1)
    assert await turned(town, case, last_wave=True) == []
    assert await due(town) == []
    await town.ground.advance(8.1)
    assert [one.wave for one in await due(town)] == [3]
    (joined,) = await turned(town, case, b, wave=3)
    assert joined.facts[0].to == (b,)


async def test_turns_do_not_outlast_the_window(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b, **TURN)
    await town.ground.advance(60)
    assert await due(town) == []
    (fallen,) = await town.store.fire(town.stations[0])
    assert (state_of(fallen).id, state_of(fallen).desk_reason) == (case, "window_closed")
    assert await turned(town, case, b) == []


# --- desk first, head start
async def test_desk_first_is_at_the_desk_at_once_with_its_own_reason_and_timer(town: Town) -> None:
    _, answer = await town.reported(desk_first=True)
    assert (state_of(answer).status, state_of(answer).desk_reason) == (Status.AT_STATION, "desk_first")
    assert [f.kind for f in answer.facts] == ["received", "sent_to_desk"]
    await town.ground.advance(20)
    assert town.stations[0] in await town.store.due_stations()
    (alarm,) = await town.store.fire(town.stations[0])
    assert alarm.facts[0].kind == "alarm_raised"


async def test_a_head_start_is_the_wave_before_the_first_ring(town: Town) -> None:
    a, b, *_ = ids(town)
    case, answer = await town.reported(a, wave=0, pause_ms=5_000, last_wave=False)
    assert (state_of(answer).wave, answer.facts[-1].to) == (0, (a,))
    await town.ground.advance(5.1)
    assert [one.wave for one in await due(town)] == [1]
    (first,) = await town.store.widen([town.wide(case, b, wave=1, ring=1, last_wave=False)])
    assert (state_of(first).wave, first.facts[0].to) == (1, (b,))


async def test_a_head_start_that_is_declined_is_over(town: Town) -> None:
    a, *_ = ids(town)
    case, _ = await town.reported(a, wave=0, pause_ms=5_000, last_wave=False)
    await declined(town, case, a)
    assert [one.wave for one in await due(town)] == [1]


async def test_who_had_the_head_start_wins_over_who_was_asked_later(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, wave=0, pause_ms=5_000, last_wave=False)
    (stranger,) = await town.store.claim([town.claim(case, b)])
    assert (stranger.ok, stranger.reason) == (False, "not_offered")
    assert await town.claimed(case, a) == 1


# --- whom
async def test_a_closed_border_keeps_a_case_with_its_own_officers(town: Town) -> None:
    foreign, own, *_ = ids(town)
    _, open_ = await town.reported(foreign, own)
    assert open_.facts[-1].to == (foreign, own)
    await town.ground.rule(StationRow(town.stations[0], Border.OWN))
    case, closed = await town.reported(foreign, own)
    assert closed.facts[-1].to == (own,)
    assert await town.store.widen([town.wide(case, foreign, event="offer_joined", wave=1)]) == []
    await town.ground.rule(StationRow(town.stations[0]))


async def test_nobody_is_asked_at_the_end_of_a_shift(town: Town) -> None:
    _, ending, staying, *_ = ids(town)
    await town.ground.shift(ending, SHIFT_LAST_MIN - 0.01)
    await town.ground.shift(staying, SHIFT_LAST_MIN + 0.5)
    _, answer = await town.reported(ending, staying)
    assert answer.facts[-1].to == (staying,)


async def test_the_rule_and_its_copy_in_sql_choose_alike(town: Town) -> None:
    """Every duty x slot x skill x station x end of shift, against every case that asks differently."""
    if not isinstance(town.ground, PostgresGround):
        pytest.skip("the store in memory asks the rule itself")
    last = timedelta(minutes=SHIFT_LAST_MIN)
    ends = (None, NOW, NOW + last, NOW + last + timedelta(microseconds=1))
    people = [
        Candidate(UUID(int=(1 << 70) + n), town.stations[abroad], on, held, 2, frozenset({"dog"} if dog else ()), end)
        for n, (on, held, dog, abroad, end) in enumerate(product((True, False), (0, 1, 2), (0, 1), (0, 1), ends))
    ]
    await town.ground.pool.executemany(
        "INSERT INTO officers (id, call_sign, surname, station, on_duty, held, slots, skills, shift_ends_at) "
        "VALUES ($1, $1::uuid::text, '王', $2, $3, $4, $5, $6, $7)",
        [(o.id, o.station, o.on_duty, o.held, o.slots, sorted(o.skills), o.shift_ends_at) for o in people],
    )
    heard: set[Ineligible | None] = set()
    never = frozenset(o.id for o in people[::5])
    for border, skill, excepted, most in product(Border, (None, "dog"), (frozenset(), never), (1, 7, 200)):
        wanted = Wanted(town.stations[0], border, skill, excepted)
        judged = await town.ground.pool.fetchval(
            "SELECT eligible($1, $2, $3, $4, $5, $6)",
            [o.id for o in people], skill, list(excepted), most, wanted.station if border is Border.OWN else None, NOW,
        )  # fmt: skip
        assert judged == list(eligible(people, wanted, NOW, most)), wanted
        heard |= {why_not(o, wanted, NOW) for o in people}
    assert heard == {*Ineligible, None}
