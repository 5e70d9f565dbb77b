"""What is known of a place: within 50 m, while it holds, without who reported; and every reading is kept."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.cases.facts import Answer
from dispatch.cases.values import Refusal
from dispatch.limits import EARLIER_DAYS, HAZARD_M, PLACE_ITEMS_MAX
from dispatch.safety.hazards import EndDraft, HazardDraft, PlaceKnown
from geo.distance import metres
from geo.point import Point
from tests.conftest import Database
from tests.contract.small_town import DESK, Town, key, small_town

METRE = 1 / 111_200  # of latitude, in degrees, on the sphere; a little less, so that rounding up gives it back


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


class Street:
    """A place far from every other test's, and its record."""

    count = 0

    def __init__(self, town: Town) -> None:
        Street.count += 1
        self.town, self.store = town, PostgresSafety(town.pool)
        self.lat, self.lon = 20.0 + Street.count, 100.0

    def at(self, metres_north: float) -> dict[str, float]:
        return {"lat": self.lat + metres_north * METRE, "lon": self.lon}

    async def note(self, words: str = "Dog.", metres_north: float = 0, **other: Any) -> Answer:
        meant: dict[str, Any] = {
            "id": uuid4(), "station": "s1", "words": words, "reason": "Seen.", "expires_in_h": 24, "actor_id": DESK,
            "scope": f"account:{DESK}", "key": key(), "hash": "aa", **self.at(metres_north),
        }  # fmt: skip
        return await self.store.write_hazard(HazardDraft(**(meant | other)))

    async def end(self, hazard: str, **other: Any) -> Answer:
        meant: dict[str, Any] = {
            "hazard": UUID(hazard), "station": "s1", "reason": "Gone.", "actor_id": DESK, "scope": f"account:{DESK}",
            "key": key(), "hash": "bb",
        }  # fmt: skip
        return await self.store.end_hazard(EndDraft(**(meant | other)))

    async def cleared(self, metres_north: float = 0, **other: Any) -> UUID:
        case = await self.town.report(**self.at(metres_north), **other)
        assert (await self.town.desk(case, "cleared", disposition="advice_given")).ok
        return case

    async def known(self) -> PlaceKnown:
        return await self.store.known_of(await self.town.report(**self.at(0)), "officer:x")


async def test_notes_within_fifty_metres_are_shown_the_nearest_first(town: Town) -> None:
    street = Street(town)
    for words, north in (("far", HAZARD_M + 2), ("near", HAZARD_M - 2), ("here", 0)):
        assert (await street.note(words, north)).ok
    known = await street.known()
    assert [(one.words, one.within_m) for one in known.hazards] == [("here", 0), ("near", HAZARD_M - 2)]


async def test_a_note_ends_by_itself_or_by_its_desk_and_says_who_and_why(town: Town) -> None:
    street = Street(town)
    first, second = (await street.note()).response["hazard"], (await street.note("Gas.")).response["hazard"]
    await town.owner.execute("UPDATE hazards SET expires_at = clock_timestamp() WHERE id = $1", UUID(first))
    assert [one.words for one in (await street.known()).hazards] == ["Gas."]
    assert (await street.end(second, station="s2")).reason == Refusal.NOT_YOURS
    assert (await street.end(second)).ok
    assert (await street.end(second)).reason == (await street.end(first)).reason == Refusal.CLOSED
    assert (await street.end(str(uuid4()))).reason == Refusal.NOT_FOUND
    assert (await street.known()).hazards == ()
    row = await town.owner.fetchrow(
        "SELECT reason, written_by, end_reason, ended_by FROM hazards WHERE id = $1", UUID(second)
    )
    assert tuple(row) == ("Seen.", DESK, "Gone.", DESK)


async def test_the_same_key_is_the_same_note(town: Town) -> None:
    street, key_ = Street(town), key()
    first, again = await street.note(key=key_), await street.note(key=key_)
    assert first.response == again.response and len((await street.known()).hazards) == 1
    assert (await street.note(key=key_, hash="cc")).reason == Refusal.KEY_REUSED


async def test_earlier_cases_tell_day_kind_and_end_and_nothing_of_who_reported(town: Town) -> None:
    street = Street(town)
    await street.cleared(HAZARD_M - 3, words="She is called Li.")
    await street.cleared(HAZARD_M + 3)
    await street.cleared(exercise=True)
    old = await street.cleared()
    ago = "UPDATE cases SET received_at = received_at - make_interval(days => $2) WHERE id = $1"
    await town.owner.execute(ago, old, EARLIER_DAYS)
    (one,) = (await street.known()).earlier
    assert (one.category, one.disposition, one.within_m) == ("plain", "advice_given", HAZARD_M - 3)
    assert one.__struct_fields__ == ("on", "category", "disposition", "within_m")


async def test_what_is_shown_is_bounded(town: Town) -> None:
    street = Street(town)
    for _ in range(PLACE_ITEMS_MAX + 2):
        await street.note()
    assert len((await street.known()).hazards) == PLACE_ITEMS_MAX


async def test_every_reading_is_kept_with_what_was_shown(town: Town) -> None:
    street = Street(town)
    hazard, earlier = UUID((await street.note()).response["hazard"]), await street.cleared()
    case = await town.report(**street.at(0))
    for reader in ("officer:a", "desk:b"):
        await street.store.known_of(case, reader)
    rows = await town.owner.fetch(
        "SELECT reader, hazards, earlier FROM place_reads WHERE case_id = $1 ORDER BY id", case
    )
    assert [tuple(row) for row in rows] == [(who, [hazard], [earlier]) for who in ("officer:a", "desk:b")]
    assert await town.pool.fetchval("SELECT NOT has_table_privilege('place_reads', 'UPDATE, DELETE')")


@pytest.mark.parametrize("lat", [0.0, 32.05, -54.8, 69.6])
async def test_metres_in_sql_are_metres(town: Town, lat: float) -> None:
    a, b = Point(lat, 118.8), Point(lat + 0.0003, 118.8004)
    sql = await town.owner.fetchval("SELECT metres_between($1, $2, $3, $4)", a.lat, a.lon, b.lat, b.lon)
    assert sql == pytest.approx(metres(a, b), rel=0.006)
