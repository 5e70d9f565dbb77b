"""Categories, stations, areas and who is on duty, as a process loads them."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.catalogue import Catalogue, Category, Station
from dispatch.cases.eligibility import Border
from dispatch.cases.policy import Mode
from dispatch.limits import BEST_OFFICER_TURN_MS, OFFER_WINDOW_MS, RINGS_M, TOWN_RELOAD_S
from dispatch.positions.roster import OnDuty
from geo.areas import AreaKind, load_areas
from geo.point import Point

# The offset is the database's own knowledge of time zones: a process needs none, and a change of the hour is seen with
# the next load.
STATIONS: Final = """
    SELECT id, name, name_en, catch_all, cross_border, head_start_ms, extract(
        epoch FROM (clock_timestamp() AT TIME ZONE time_zone) - (clock_timestamp() AT TIME ZONE 'UTC'))::integer
        AS utc_offset_s
    FROM stations ORDER BY id
"""
FINGERPRINT: Final = "SELECT md5(string_agg(concat_ws('|', id, kind, station, outline), ',' ORDER BY id)) FROM areas"


async def load_catalogue(pool: "asyncpg.Pool[asyncpg.Record]", known: Catalogue) -> Catalogue:
    """The catalogue as it is now; keeps the known map where the areas have not changed. Raises: StoreAway."""
    hours: defaultdict[str, dict[int, Mode]] = defaultdict(dict)
    for r in await fetch(pool, "SELECT category, hour, mode FROM category_hours"):
        hours[r["category"]][r["hour"]] = Mode(r["mode"])
    rows = await fetch(pool, "SELECT * FROM categories ORDER BY id")
    categories = {r["id"]: _category(r, hours.get(r["id"], {})) for r in rows}
    rows = await fetch(pool, STATIONS)
    stations = {
        r["id"]: Station(
            r["id"], r["name"], r["name_en"], Border(r["cross_border"]), r["head_start_ms"], r["utc_offset_s"]
        )
        for r in rows
    }
    catch_all = next((r["id"] for r in rows if r["catch_all"]), "")
    ((fingerprint,),) = await fetch(pool, FINGERPRINT)
    if known.areas_fingerprint == fingerprint and known.stations:
        return Catalogue(categories, stations, catch_all, known.locate, known.beat_of, fingerprint)
    areas = await fetch(pool, "SELECT id, kind, name, station, outline FROM areas ORDER BY id")
    station_of = {r["id"]: r["station"] for r in areas if r["kind"] == AreaKind.STATION}
    in_area, beat_of = _locator(areas, AreaKind.STATION), _locator(areas, AreaKind.BEAT)
    return Catalogue(
        categories, stations, catch_all, lambda point: station_of.get(in_area(point) or ""), beat_of, fingerprint
    )


def _category(row: asyncpg.Record, by_hour: Mapping[int, Mode]) -> Category:
    return Category(
        row["id"],
        row["name"],
        row["name_en"],
        row["seats"],
        tuple(row["rings_m"] or RINGS_M),
        row["window_ms"] or OFFER_WINDOW_MS,
        row["open"],
        Mode(row["mode"]),
        by_hour,
        row["head_start_ms"] or 0,
        row["turn_ms"] or BEST_OFFICER_TURN_MS,
        row["priority"],
        row["patience_ms"],
    )


def _locator(every: list[asyncpg.Record], kind: AreaKind) -> Callable[[Point], str | None]:
    """The id of the area of a kind that holds a point."""
    areas = [r for r in every if r["kind"] == kind]
    if not areas:
        return lambda point: None
    features = [
        {
            "type": "Feature",
            "properties": {"id": r["id"], "name": r["name"], "station": r["station"]},
            "geometry": msgspec.json.decode(r["outline"]),
        }
        for r in areas
    ]
    held, _ = load_areas({"type": "FeatureCollection", "features": features}, kind=kind)
    return held.locate


class CatalogueKeeper:
    """Keeps a process's catalogue as the town is set: asked every TOWN_POLL_S, it reads the town where an admin has
    changed it, and every TOWN_RELOAD_S whatever was said."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", catalogue: Catalogue, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self.catalogue, self._now = pool, catalogue, now
        self._version, self._loaded_at = -1, -1e9

    async def look(self) -> bool:
        """Whether the town was read anew. Raises: StoreAway, StoreBusy."""
        # The number first: a change that comes while the town is read is met at the next look.
        ((version,),) = await fetch(self._pool, "SELECT town_version FROM meta")
        if version == self._version and self._now() - self._loaded_at < TOWN_RELOAD_S:
            return False
        self.catalogue.become(await load_catalogue(self._pool, self.catalogue))
        self._version, self._loaded_at = version, self._now()
        return True


async def load_roster(pool: "asyncpg.Pool[asyncpg.Record]") -> list[OnDuty]:
    """Officers on duty. Raises: StoreAway."""
    rows = await fetch(pool, "SELECT id, station, call_sign, surname, slots, beat FROM officers WHERE on_duty")
    return [OnDuty(*r) for r in rows]


async def load_free_roster(pool: "asyncpg.Pool[asyncpg.Record]") -> list[OnDuty]:
    """Officers on duty with a slot left, `slots` being those left. Raises: StoreAway."""
    rows = await fetch(
        pool,
        "SELECT id, station, call_sign, surname, slots - held, beat FROM officers WHERE on_duty AND held < slots",
    )
    return [OnDuty(*r) for r in rows]
