"""Stations and categories as an admin sets them: the judge goes by them at once, every process within a second."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.catalogue import CatalogueKeeper
from dispatch.admin.service import Administering
from dispatch.admin.values import CategoryChange, CategorySet, Changed, Refused, StationChange, StationSet
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.eligibility import Border
from dispatch.cases.policy import Mode
from dispatch.limits import OFFER_WINDOW_MS, TOWN_RELOAD_S
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town
from tests.contract.test_admin_people import BOSS, Heard, code


class Office:
    """An admin's desk over the small town."""

    def __init__(self, town: Town) -> None:
        self.town, self.store, heard = town, PostgresAdmin(town.pool), Heard()
        self.admin = Administering(self.store, Argon2Passwords(memory_kib=64, passes=1), heard, heard)

    async def category(self, id_: str, **change: Any) -> Changed | Refused:
        """Changed from what it is, or made."""
        was = {one.id: one for one in (await self.store.town()).categories}.get(id_)
        meant: dict[str, Any] = {
            "version": was.version if was else 0,
            "reason": "Trial.",
            "name": "一",
            "name_en": "One",
        }
        return await self.admin.put_category(BOSS, id_, CategoryChange(**(meant | change)))

    async def station(self, id_: str, **change: Any) -> Changed | Refused:
        was = {one.id: one for one in (await self.store.town()).stations}.get(id_)
        meant: dict[str, Any] = {"version": was.version if was else 0, "reason": "Trial.", "name": "站",
                                 "name_en": "Post", "catch_all": was.catch_all if was else False}  # fmt: skip
        return await self.admin.put_station(BOSS, id_, StationChange(**(meant | change)))

    async def window_ms(self, category: str) -> int:
        """Of a case that is reported now, as the judge set it."""
        case = await self.town.report(await self.town.officer(), category=category)
        opened = next(e for e in await self.town.store.history(case) if e.kind == "offer_opened")
        return int(opened.body["window_ms"])


def category_of(outcome: Changed | Refused) -> CategorySet:
    assert isinstance(outcome, Changed) and outcome.category is not None, outcome
    return outcome.category


def station_of(outcome: Changed | Refused) -> StationSet:
    assert isinstance(outcome, Changed) and outcome.station is not None, outcome
    return outcome.station


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


async def test_a_changed_window_takes_effect_with_the_next_report(office: Office) -> None:
    made = category_of(await office.category("w1"))
    assert (made.version, made.window_ms, made.open, made.mode) == (1, None, True, Mode.SNATCH)
    assert await office.window_ms("w1") == OFFER_WINDOW_MS
    category_of(await office.category("w1", window_ms=20_000))
    assert await office.window_ms("w1") == 20_000
    category_of(await office.category("w1"))
    assert await office.window_ms("w1") == OFFER_WINDOW_MS


async def test_a_category_is_all_that_was_said_of_it_and_its_hours(office: Office) -> None:
    said: dict[str, Any] = {
        "name": "噪声", "name_en": "Noise", "open": True, "priority": 2, "seats": 2, "skill": "mediator",
        "check_in_s": 900, "ack_ms": 10_000, "patience_ms": 30_000, "mode": "best_officer",
        "hours": {0: "desk_first", 23: "snatch"}, "window_ms": 45_000, "wave_ms": 9_000, "rings_m": (500, 900),
        "head_start_ms": 3_000, "turn_ms": 7_000,
    }  # fmt: skip
    made = category_of(await office.category("full", **(said | {"mode": Mode.BEST_OFFICER, "hours": {
        0: Mode.DESK_FIRST, 23: Mode.SNATCH}})))  # fmt: skip
    assert {name: getattr(made, name) for name in said} == said
    (listed,) = [one for one in (await office.store.town()).categories if one.id == "full"]
    assert (listed.able, listed.hours) == (0, {0: Mode.DESK_FIRST, 23: Mode.SNATCH})
    less = category_of(await office.category("full", hours={5: Mode.SNATCH}))
    assert (less.hours, less.skill, less.rings_m) == ({5: Mode.SNATCH}, None, None)
    kept = (await office.store.changes("category", "full", None, 10)).changes
    assert [one.verb for one in kept] == ["changed", "made"]
    assert (kept[0].before["hours"], kept[0].after["hours"]) == ({"0": "desk_first", "23": "snatch"}, {"5": "snatch"})


async def test_a_process_sees_a_change_at_its_next_look_and_reads_nothing_without_one(office: Office) -> None:
    now = [0.0]
    keeper = CatalogueKeeper(office.town.pool, Catalogue(), lambda: now[0])
    assert await keeper.look() and not await keeper.look()
    category_of(await office.category("seen", mode=Mode.DESK_FIRST))
    assert "seen" not in keeper.catalogue.categories
    assert await keeper.look()
    assert keeper.catalogue.plan_of("seen", "s1", lambda: 0.0).mode is Mode.DESK_FIRST
    station_of(await office.station("s2", cross_border=Border.OWN, head_start_ms=4_000))
    assert await keeper.look()
    assert (
        keeper.catalogue.stations["s2"].border is Border.OWN and keeper.catalogue.stations["s2"].head_start_ms == 4_000
    )
    assert not await keeper.look()
    now[0] += TOWN_RELOAD_S  # by its own clock, whatever was said: an operator's SQL is met too
    assert await keeper.look()


async def test_of_two_changes_from_one_version_one_is_made(office: Office) -> None:
    version = category_of(await office.category("race")).version
    calls = [office.category("race", version=version, window_ms=10_000 + n) for n in range(6)]
    outcomes = await asyncio.gather(*calls)
    assert sorted(code(one) for one in outcomes if isinstance(one, Refused)) == ["stale_version"] * 5
    (now,) = [one for one in (await office.store.town()).categories if one.id == "race"]
    assert now.version == version + 1


async def test_a_policy_that_cannot_be_meant_is_refused_with_a_sentence(office: Office) -> None:
    for change, pointer in (
        ({"rings_m": (900, 500)}, "/rings_m"),
        ({"rings_m": (500, 500)}, "/rings_m"),
        ({"head_start_ms": 20_000, "window_ms": 15_000}, "/head_start_ms"),
    ):
        outcome = await office.category("w9", **change)
        assert isinstance(outcome, Refused) and (outcome.code, outcome.pointer) == ("policy_invalid", pointer)
        assert outcome.detail and outcome.detail.endswith(".")
    assert code(await office.category("w9", version=4)) == "not_found"
    assert code(await office.category("plain", version=0)) == "exists"
    assert code(await office.category("Ü", version=0)) == "name_invalid"


async def test_the_last_open_category_stays_open(database: Database, office: Office) -> None:
    await office.town.owner.execute("UPDATE categories SET open = false WHERE id <> 'plain'")
    assert code(await office.category("plain", open=False)) == "category_needed"
    await office.town.owner.execute("UPDATE categories SET open = true")
    assert not category_of(await office.category("seen", open=False)).open


async def test_a_station_is_all_that_was_said_of_it(office: Office) -> None:
    said: dict[str, Any] = {
        "name": "新站", "name_en": "New", "catch_all": False, "cross_border": Border.OWN, "lends": True,
        "falls_to": "s1", "head_start_ms": 0, "hand_backs_max": 3, "time_zone": "Asia/Urumqi",
    }  # fmt: skip
    made = station_of(await office.station("s3", **said))
    assert {name: getattr(made, name) for name in said} == said
    case = await office.town.report(station="s3")  # its stream is there
    assert (await office.town.state(case)).station == "s3"
    assert code(await office.station("s3", time_zone="Asia/Atlantis")) == "zone_unknown"
    assert code(await office.station("s3", falls_to="s77")) == "station_unknown"


async def test_cases_never_fall_in_a_circle(office: Office) -> None:
    station_of(await office.station("c1", falls_to="s1"))
    station_of(await office.station("c2", falls_to="c1"))
    assert code(await office.station("c1", falls_to="c1")) == "falls_in_a_circle"
    assert code(await office.station("c1", falls_to="c2")) == "falls_in_a_circle"
    assert station_of(await office.station("c1", falls_to="s2")).falls_to == "s2"


async def test_exactly_one_station_takes_what_lies_nowhere(office: Office) -> None:
    assert code(await office.station("s1", catch_all=False)) == "catch_all_needed"
    assert station_of(await office.station("s2", catch_all=True)).catch_all
    town = await office.store.town()
    assert [one.id for one in town.stations if one.catch_all] == ["s2"]
    last = (await office.store.changes("station", None, None, 2)).changes
    verbs = [(one.subject, one.after["catch_all"]) for one in last]
    assert sorted(verbs) == [("s1", False), ("s2", True)], "both changes are on record"
    station_of(await office.station("s1", catch_all=True))


async def test_a_change_is_on_record_in_the_same_commit_or_not_made(office: Office) -> None:
    """A reason that cannot be kept undoes what it was for."""
    before = [one for one in (await office.store.town()).categories if one.id == "plain"]
    draft: dict[str, Any] = {"id": "plain", "version": before[0].version, "actor": "admin:x", "reason": None,
                             "name": "x", "name_en": "x", "open": True, "seats": 1,
                             "mode": "snatch", "priority": 3, "hours": {}}  # fmt: skip
    with pytest.raises(Exception, match="reason"):
        await office.store.put_category(draft)
    assert [one for one in (await office.store.town()).categories if one.id == "plain"] == before


async def test_what_is_too_long_to_be_told_is_said_to_be_cut_and_kept_whole(office: Office) -> None:
    await office.town.owner.execute(
        "INSERT INTO changes (at, actor, kind, subject, verb, reason, after) VALUES (clock_timestamp(), 'admin:x', "
        "'areas', 'beat', 'imported', 'x', to_jsonb(repeat('x', 30000)))"
    )
    (one,) = (await office.store.changes("areas", "beat", None, 1)).changes
    assert one.cut and one.after is None
    page = await office.store.changes(None, None, None, 2)
    assert page.more and [c.id for c in page.changes] == sorted((c.id for c in page.changes), reverse=True)
    older = await office.store.changes(None, None, page.changes[-1].id, 2)
    assert older.changes[0].id < page.changes[-1].id


async def test_the_town_tells_how_each_station_stands(office: Office) -> None:
    station_of(await office.station("s8"))
    await office.town.officer("s8")
    await office.town.officer("s8", on=False)
    account = uuid4()
    await office.town.owner.execute(
        "INSERT INTO accounts (id, login, password, role, station) VALUES ($1, $2, 'x', 'desk', 's8')", account, key()
    )
    await office.town.store.set_desk_shift(account, "s8", True, key(), "aa")
    (one,) = [one for one in (await office.store.town()).stations if one.id == "s8"]
    assert (one.officers, one.on_duty, one.desks, one.staffed, one.areas, one.beats) == (2, 1, 1, 1, 0, ())
