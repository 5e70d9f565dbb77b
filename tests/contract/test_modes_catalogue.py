"""Modes, head start and borders as a process reads them with the catalogue."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from dispatch.adapters.postgres.catalogue import load_catalogue, load_roster
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.eligibility import Border
from dispatch.cases.policy import Mode
from dispatch.limits import BEST_OFFICER_TURN_MS
from dispatch.positions.roster import Roster
from geo.point import Point
from tests.conftest import Database
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_a_time_zone_that_nobody_knows_is_refused_when_it_is_set(town: Town) -> None:
    with pytest.raises(asyncpg.PostgresError, match="time zone"):
        await town.owner.execute("UPDATE stations SET time_zone = 'Asia/Atlantis'")
    await town.owner.execute("UPDATE stations SET time_zone = 'Europe/Paris' WHERE id = 's2'")


async def test_a_process_reads_modes_hours_borders_and_its_stations_clocks(town: Town) -> None:
    await town.owner.execute(
        "UPDATE categories SET mode = 'best_officer', turn_ms = 4000, head_start_ms = 2500, rings_m = '{700, 1400}' "
        "WHERE id = 'plain'"
    )
    await town.owner.execute("INSERT INTO category_hours VALUES ('plain', 23, 'desk_first'), ('plain', 0, 'snatch')")
    await town.owner.execute(
        "UPDATE stations SET cross_border = 'own', head_start_ms = 0, time_zone = 'Asia/Kathmandu' WHERE id = 's2'"
    )
    for area, station, west, kind in (("a1", "s1", 10, "station"), ("b1", "s1", 10, "beat"), ("b2", "s1", 11, "beat")):
        await town.owner.execute(
            "INSERT INTO areas (id, kind, station, name, outline) VALUES ($1, $2, $3, $1, $4::text::jsonb)",
            area, kind, station, msgspec.json.encode(square(west)).decode(),
        )  # fmt: skip
    read = await load_catalogue(town.pool, Catalogue())
    plain, other = read.categories["plain"], read.categories["pair"]
    assert (plain.mode, plain.turn_ms, plain.head_start_ms, plain.rings_m) == (
        Mode.BEST_OFFICER,
        4000,
        2500,
        (700, 1400),
    )
    assert plain.by_hour == {23: Mode.DESK_FIRST, 0: Mode.SNATCH}
    assert (other.mode, other.by_hour, other.head_start_ms, other.turn_ms) == (Mode.SNATCH, {}, 0, BEST_OFFICER_TURN_MS)
    one, two = read.stations["s1"], read.stations["s2"]
    assert (one.border, one.head_start_ms, one.utc_offset_s) == (Border.NEIGHBOURS, None, 8 * 3600)
    assert (two.border, two.head_start_ms, two.utc_offset_s) == (Border.OWN, 0, 5 * 3600 + 45 * 60)
    assert [read.beat_of(Point(0.5, lon)) for lon in (10.5, 11.5, 12.5)] == ["b1", "b2", None]
    assert [read.station_at(Point(0.5, lon)) for lon in (10.5, 11.5)] == ["s1", "s1"]
    again = await load_catalogue(town.pool, read)
    assert again.beat_of is read.beat_of, "the map is read again only when an area has changed"
    await town.owner.execute("DELETE FROM areas WHERE id = 'b2'")
    assert (await load_catalogue(town.pool, read)).beat_of(Point(0.5, 11.5)) is None


async def test_the_roster_knows_whose_beat_an_officer_has_from_the_database_and_from_a_fact(town: Town) -> None:
    await town.owner.execute(
        "INSERT INTO areas (id, kind, station, name, outline) VALUES ('b9', 'beat', 's1', 'b9', $1::text::jsonb)",
        msgspec.json.encode(square(20)).decode(),
    )
    officer = await town.officer()
    await town.owner.execute("UPDATE officers SET beat = 'b9' WHERE id = $1", officer)
    roster = Roster()
    roster.load(await load_roster(town.pool))
    assert [o.officer for o in roster.of_beat("b9")] == [officer]
    for on in (False, True):
        answer = await town.store.set_duty(officer, on, f"duty-{on}-{officer.hex}"[:40], "aa")
        roster.apply(answer.facts[0])
        assert [o.officer for o in roster.of_beat("b9")] == ([officer] if on else [])


def square(west: int) -> dict[str, object]:
    """One degree each way."""
    return {
        "type": "Polygon",
        "coordinates": [[[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]],
    }
