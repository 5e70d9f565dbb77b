"""Categories, stations, areas and who is on duty, as a process loads them."""

from collections.abc import Callable

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.catalogue import Catalogue, Category, Station
from dispatch.limits import OFFER_WINDOW_MS, RINGS_M
from dispatch.positions.roster import OnDuty
from geo.areas import load_areas
from geo.point import Point


async def load_catalogue(pool: "asyncpg.Pool[asyncpg.Record]", known: Catalogue) -> Catalogue:
    """The catalogue as it is now; keeps the known map where the areas have not changed. Raises: StoreAway."""
    categories = {
        r["id"]: Category(
            r["id"],
            r["name"],
            r["name_en"],
            r["seats"],
            tuple(r["rings_m"] or RINGS_M),
            r["window_ms"] or OFFER_WINDOW_MS,
            r["open"],
        )
        for r in await fetch(pool, "SELECT * FROM categories ORDER BY id")
    }
    rows = await fetch(pool, "SELECT id, name, name_en, catch_all FROM stations ORDER BY id")
    stations = {r["id"]: Station(r["id"], r["name"], r["name_en"]) for r in rows}
    catch_all = next((r["id"] for r in rows if r["catch_all"]), "")
    areas = await fetch(pool, "SELECT id, name, station, outline FROM areas WHERE kind = 'station' ORDER BY id")
    fingerprint = hash(tuple((r["id"], r["station"], r["outline"]) for r in areas))
    if known.areas_fingerprint == fingerprint and known.stations:
        return Catalogue(categories, stations, catch_all, known.locate, fingerprint)
    return Catalogue(categories, stations, catch_all, _locator(areas), fingerprint)


def _locator(areas: list[asyncpg.Record]) -> Callable[[Point], str | None]:
    if not areas:
        return lambda point: None
    features = [
        {
            "type": "Feature",
            "properties": {"id": r["id"], "name": r["name"]},
            "geometry": msgspec.json.decode(r["outline"]),
        }
        for r in areas
    ]
    held, _ = load_areas({"type": "FeatureCollection", "features": features}, kind="station")
    station_of = {r["id"]: r["station"] for r in areas}
    return lambda point: station_of.get(held.locate(point) or "")


async def load_roster(pool: "asyncpg.Pool[asyncpg.Record]") -> list[OnDuty]:
    """Officers on duty. Raises: StoreAway."""
    rows = await fetch(pool, "SELECT id, station, call_sign, surname, slots FROM officers WHERE on_duty")
    return [OnDuty(r["id"], r["station"], r["call_sign"], r["surname"], r["slots"]) for r in rows]


async def load_free_roster(pool: "asyncpg.Pool[asyncpg.Record]") -> list[OnDuty]:
    """Officers on duty with a slot left, `slots` being those left. Raises: StoreAway."""
    rows = await fetch(
        pool,
        "SELECT id, station, call_sign, surname, slots - held AS slots FROM officers WHERE on_duty AND held < slots",
    )
    return [OnDuty(r["id"], r["station"], r["call_sign"], r["surname"], r["slots"]) for r in rows]
