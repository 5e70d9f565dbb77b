"""The map: stations' jurisdictions and beats as GeoJSON, out and in; and the categories."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.people.permissions import Act
from dispatch.town import TownArea, TownStore
from gateway.http.bearer import anyone_of, require, signed
from gateway.http.bodies import read_raw
from gateway.http.problems import Problem
from geo.areas import AreaError, AreaSet, Report, load_areas

GEOJSON: Final = "application/geo+json"
REFUSED_MAX: Final = 50  # features named in one answer; a file with more is wrong as a whole

# Reading a large file takes a core for seconds: one at a time in a process.
_importing: Final = asyncio.Semaphore(1)


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """A feature whose rings were mended, and by what share its area changed."""

    id: str
    feature: str
    fault: str
    share: float


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Ground that two areas claim, in square metres; a case there goes to the lower id."""

    a: str
    b: str
    m2: float


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """Ground that nobody has (a case there goes to the catch-all desk), or that a beat has beyond its station."""

    what: str
    m2: float


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v1/areas: what was taken over, and what a person should look at."""

    kind: str
    areas: int
    repaired: list[Repaired]
    overlaps: list[Overlap]
    gaps: list[Surface]
    outside: list[Surface]


def town_of(request: Request) -> TownStore:
    return cast(TownStore, request.app.state.services.town)


async def get_areas(request: Request) -> Response:
    """GET /v1/areas: a FeatureCollection (RFC 7946) of stations and beats; `kind` tells them apart."""
    require(await anyone_of(request), Act.READ_AREAS)
    features = [
        {
            "type": "Feature",
            "id": f"{area.kind}:{area.id}",
            "properties": {
                "id": area.id,
                "kind": area.kind,
                "station": area.station,
                "name": area.name,
                "name_en": area.name_en,
            },
            "geometry": area.outline,
        }
        for area in await town_of(request).areas()
    ]
    return _cached(request, {"type": "FeatureCollection", "features": features}, GEOJSON)


async def get_categories(request: Request) -> Response:
    """GET /v1/categories: what may be reported."""
    require(await anyone_of(request), Act.READ_CATEGORIES)
    categories = await town_of(request).categories()
    return _cached(request, {"categories": categories}, "application/json")


async def post_areas(request: Request) -> Response:
    """POST /v1/areas?kind=station|beat: these are all areas of the kind from now on. 200 Imported.

    One feature that cannot be used refuses the whole file, with every such feature's name; nothing changes then.
    """
    await signed(request, Act.IMPORT_AREAS)
    kind = request.query_params.get("kind", "")
    if kind not in ("station", "beat"):
        raise Problem("kind_unknown")
    raw = await read_raw(request, limits.AREAS_BODY_BYTES_MAX, GEOJSON, "application/json")
    town = town_of(request)
    held = await town.areas()
    async with _importing:
        found, report = await asyncio.to_thread(_read, raw, kind, held)
    await town.replace(kind, [_town_area(found, one.id) for one in found.areas])
    return Response(msgspec.json.encode(_told(kind, found, report)), media_type="application/json")


def _read(raw: bytes, kind: str, held: Sequence[TownArea]) -> tuple[AreaSet, Report]:
    """The file's areas, beats held against the stations there are. Raises: Problem."""
    try:
        stations = _stations(held) if kind == "beat" else None
        found, report = load_areas(raw, kind="station" if kind == "station" else "beat", stations=stations)
    except AreaError as error:
        raise Problem("geojson_invalid", str(error), errors=[_error(error)]) from None
    if report.refused:
        first = report.refused[:REFUSED_MAX]
        names = "; ".join(str(error) for error in first[:3])
        raise Problem("areas_refused", f"Nothing was changed. {names}", errors=[_error(error) for error in first])
    if not len(found):
        raise Problem("areas_refused", "The file has no area, and a town without any has no station near.")
    return found, report


def _stations(held: Sequence[TownArea]) -> AreaSet:
    features = [
        {"type": "Feature", "properties": {"id": area.id, "name": area.name}, "geometry": area.outline}
        for area in held
        if area.kind == "station"
    ]
    return load_areas({"type": "FeatureCollection", "features": features}, kind="station")[0]


def _error(error: AreaError) -> dict[str, str]:
    return {"pointer": "", "feature": error.feature or "", "code": str(error.code), "detail": str(error)}


def _town_area(found: AreaSet, own: str) -> TownArea:
    area = found[own]
    return TownArea(
        id=own,
        kind=str(area.kind),
        station=area.station or own,
        name=area.name,
        name_en=_english(area.properties) or area.name,
        outline=found.outline(own),
    )


def _english(properties: Mapping[str, Any]) -> str | None:
    name = properties.get("name_en")
    return name if isinstance(name, str) and name.strip() else None


def _told(kind: str, found: AreaSet, report: Report) -> Imported:
    return Imported(
        kind=kind,
        areas=len(found),
        repaired=[Repaired(id=r.id, feature=r.feature, fault=r.fault, share=r.share) for r in report.repaired],
        overlaps=[Overlap(a=a, b=b, m2=m2) for a, b, m2 in report.overlaps],
        gaps=[Surface(what=what, m2=m2) for what, m2 in report.gaps],
        outside=[Surface(what=what, m2=m2) for what, m2 in report.outside],
    )


def _cached(request: Request, said: object, media_type: str) -> Response:
    """Answered by 304 where the asker has it: a map is large and seldom changes."""
    body = msgspec.json.encode(said)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in (one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type=media_type)
