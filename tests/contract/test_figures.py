"""Figures: the SQL says what a plain fold over the same entries says; and what a real day's figures are."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.adapters.postgres.figures import PostgresFigures, read_figures
from dispatch.cases.values import Event
from dispatch.insight.fold import folded
from dispatch.insight.ports import QuestionError
from dispatch.insight.values import By, Entry, Percentiles, Question
from geo.distance import cell_of
from geo.point import Point
from tests.conftest import Database
from tests.contract.small_town import LAT, LON, Town, small_town

BEGIN: Final = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ZONES: Final = {"s1": "Asia/Shanghai", "s2": "America/St_Johns"}
SINCE, UNTIL = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=3)
OFFICERS: Final = [UUID(int=n) for n in range(1, 5)]
OFTEN: Final = (
    Event.OFFER_OPENED, Event.OFFER_WIDENED, Event.DECLINED, Event.FELL_BACK, Event.CLAIMED, Event.SEAT_FILLED,
    Event.ARRIVED, Event.ARRIVED, Event.HANDED_BACK,
)  # fmt: skip
SELDOM: Final = tuple(event for event in Event if event is not Event.RECEIVED)


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        for station, zone in ZONES.items():
            await town.owner.execute("UPDATE stations SET time_zone = $2 WHERE id = $1", station, zone)
        yield town


# --- drawn histories --------------------------------------------------------------------------------------------------


def life(dice: random.Random) -> list[Entry]:
    """A case's history: any kinds in any turn, because figures must not fall over what later rules allow."""
    case, station = UUID(int=dice.getrandbits(128)), dice.choice(("s1", "s2"))
    at = BEGIN + timedelta(microseconds=dice.randrange(4 * 3600 * 1_000_000))
    received: dict[str, Any] = {
        "category": dice.choice(("theft", "noise")),
        "lat": LAT + dice.randint(-9, 9) / 500,
        "lon": LON + dice.randint(-9, 9) / 500,
    }
    received |= {"exercise": True} if dice.random() < 0.15 else {}
    entries = [Entry(station, 0, case, 1, Event.RECEIVED, None, at, received)]
    round_ = 1
    for seq in range(2, dice.randint(2, 14)):
        kind = dice.choice(OFTEN if dice.random() < 0.8 else SELDOM)
        at += timedelta(microseconds=dice.choice((0, dice.randrange(1_000), dice.randrange(40 * 60 * 1_000_000))))
        round_ += dice.random() < 0.25
        asks = kind in (Event.OFFER_OPENED, Event.OFFER_WIDENED, Event.OFFER_JOINED, Event.HANDED_BACK)
        body: dict[str, Any] = {"round": round_} if kind is not Event.FELL_BACK else {"reason": "window_closed"}
        body |= {"asked": dice.randint(0, 4)} if asks else {}
        officer = dice.choice([*OFFICERS, None])
        entries.append(Entry(station, 0, case, seq, kind, officer, at, body))
    return entries


def turn(dice: random.Random) -> Entry:
    """On or off duty, also twice the same, also at another station."""
    at = BEGIN + timedelta(microseconds=dice.randrange(4 * 3600 * 1_000_000))
    return Entry(
        dice.choice(("s1", "s2")), 0, None, None, "duty", dice.choice(OFFICERS), at, {"on": dice.random() < 0.5}
    )


async def write(town: Town, entries: Sequence[Entry]) -> None:
    """These, and no others, as the history."""
    await town.owner.execute("DELETE FROM events")
    rows = [
        (e.stream, offset, e.case, e.seq, e.kind, "drawn", e.officer, e.at, msgspec.json.encode(e.body).decode())
        for offset, e in enumerate(entries, 1)
    ]
    await town.owner.executemany(
        "INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, officer, at, body) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)", rows,
    )  # fmt: skip


async def read(town: Town) -> list[Entry]:
    rows = await town.owner.fetch("SELECT * FROM events")
    return [
        Entry(r["stream"], r["stream_offset"], r["case_id"], r["seq"], r["kind"], r["officer"], r["at"],
              msgspec.json.decode(r["body"]))
        for r in rows
    ]  # fmt: skip


@pytest.mark.parametrize("station", [None, "s1"])
@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("seed", range(8))
async def test_the_database_says_what_a_fold_over_the_same_entries_says(
    town: Town, seed: int, by: By, station: str | None
) -> None:
    dice = random.Random(f"{seed}:{by}:{station}")
    drawn = [entry for _ in range(dice.randint(0, 30)) for entry in life(dice)]
    await write(town, [*drawn, *(turn(dice) for _ in range(dice.randint(0, 20)))])
    zone = dice.choice(("Asia/Shanghai", "UTC", "America/St_Johns", None, None))
    question = Question(SINCE, UNTIL, by, station, zone, UNTIL + timedelta(seconds=dice.randint(-3600, 7200)))
    meant = folded(await read(town), question, ZONES)
    assert await read_figures(town.owner, question) == meant


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), size_m=st.sampled_from([100.0, 1_000.0, 99_999.0]))
async def test_a_place_lies_in_the_same_cell_for_both(town: Town, lat: float, lon: float, size_m: float) -> None:
    band, column = cell_of(Point(lat, lon), size_m)
    assert await town.owner.fetchval("SELECT cell_of($1, $2, $3)", lat, lon, size_m) == f"{band}:{column}"


# --- real ones --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def now(town: Town) -> datetime:
    """The database's time, with nothing before it."""
    await town.owner.execute("DELETE FROM events")
    return await town.owner.fetchval("SELECT clock_timestamp()")  # type: ignore[no-any-return]


def of(now: datetime, **more: Any) -> Question:
    return Question(now, now + timedelta(hours=1), **more)


async def test_a_days_work_is_counted_from_its_entries(town: Town, now: datetime) -> None:
    first, second, third = await town.officers(3)
    taken = await town.report(first, second)
    assert (await town.claim(taken, first)).ok
    await town.act(taken, "arrived", first, fence=await town.fence(taken, first))
    ran_out = await town.report(second, third)
    await town.act(ran_out, "declined", second, round=1)
    await town.pass_time(ran_out)
    await town.store.fire("s1")
    await town.report()  # nobody is near
    found = await PostgresFigures(town.pool).figures(of(now, station="s1"))
    whole = found.whole
    assert (whole.cases, whole.offered, whole.claimed, whole.fell_back, whole.sent_to_desk) == (3, 2, 1, 1, 1)
    assert (whole.fallback_share, whole.declined, whole.unanswered) == (0.5, 1, 1)
    assert (whole.received_to_claim_ms.n, whole.claim_to_arrival_ms.n) == (1, 1)
    assert [(figures.key, figures.cases) for figures in found.groups] == [("s1", 3)]
    assert [(place.cases, place.wait_ms.n) for place in found.places] == [(3, 3)]


async def test_an_exercise_is_in_no_figure(town: Town, now: datetime) -> None:
    (officer,) = await town.officers(1)
    await town.owner.execute("UPDATE officers SET on_duty = false WHERE id = $1", officer)
    await town.duty(officer, True)
    case = await town.report(officer, exercise=True)
    assert (await town.claim(case, officer)).ok
    found = await PostgresFigures(town.pool).figures(of(now))
    assert (found.whole.cases, found.whole.claimed, found.groups, found.places) == (0, 0, (), ())
    claims = "SELECT claims FROM officer_figures($1, $2, NULL, $3, $2)"
    rows = await town.owner.fetch(claims, now, now + timedelta(hours=1), ["claimed"])
    assert [row["claims"] for row in rows] == [0]


async def test_a_hand_back_is_a_second_offer_and_never_a_second_case(town: Town, now: datetime) -> None:
    first, second = await town.officers(2)
    case = await town.report(first, second)
    await town.claim(case, first)
    await town.act(case, "handed_back", first, fence=await town.fence(case, first), candidates=[second])
    whole = (await PostgresFigures(town.pool).figures(of(now))).whole
    assert (whole.cases, whole.claimed, whole.handed_back, whole.reoffered) == (1, 1, 1, 1)


async def test_duty_before_the_time_asked_for_counts_from_its_beginning(town: Town, now: datetime) -> None:
    await write(town, [
        Entry("s1", 0, None, None, "duty", OFFICERS[0], BEGIN, {"on": True}),
        Entry("s1", 0, None, None, "duty", OFFICERS[0], SINCE + timedelta(minutes=30), {"on": False}),
        Entry("s1", 0, None, None, "duty", OFFICERS[1], BEGIN, {"on": True}),
    ])  # fmt: skip
    rows = await town.owner.fetch("SELECT * FROM officer_figures($1, $2, NULL, '{}', $3)", SINCE, UNTIL, UNTIL)
    assert sorted(row["on_us"] // 60_000_000 for row in rows) == [30, 120]


async def test_nothing_received_is_an_answer_too(town: Town, now: datetime) -> None:
    found = await PostgresFigures(town.pool).figures(of(now, by=By.HOUR))
    assert (found.whole.cases, found.whole.fallback_share, found.groups) == (0, None, ())
    assert found.whole.received_to_claim_ms == Percentiles()


async def test_an_unknown_zone_is_refused_in_words(town: Town, now: datetime) -> None:
    await town.report()
    with pytest.raises(QuestionError, match="Moon"):
        await PostgresFigures(town.pool).figures(of(now, zone="Moon/Tranquility"))
