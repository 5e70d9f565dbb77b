"""The map: stations' jurisdictions and beats as GeoJSON, out and in; and the categories."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.people.permissions import Act
from dispatch.town import TownArea, TownStore
from gateway.http.bearer import anyone_of, require, signed
from gateway.http.bodies import at, read_raw
from gateway.http.problems import Problem
from geo.areas import AreaError, AreaSet, Report, load_areas

GEOJSON: Final = "application/geo+json"
PACKED_FROM: Final = 1_024  # bytes; less is one packet anyway
NO_REASON: Final = "No reason was given."
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
    """POST /v1/areas: what was taken over, and what a person should look at.

    `applied`: false where it was only looked at; `after` then holds the features as they would be, mended. `added`,
    `moved`, `dropped`: ids of areas that come, change or go.
    """

    kind: str
    areas: int
    applied: bool
    added: list[str]
    moved: list[str]
    dropped: list[str]
    repaired: list[Repaired]
    overlaps: list[Overlap]
    gaps: list[Surface]
    outside: list[Surface]
    after: list[dict[str, Any]] = []


def town_of(request: Request) -> TownStore:
    return cast(TownStore, request.app.state.services.town)


async def get_areas(request: Request) -> Response:
    """GET /v1/areas: a FeatureCollection (RFC 7946) of stations and beats; `kind` tells them apart."""
    require(await anyone_of(request), Act.READ_AREAS)
    return await _cached(request, _collection(await town_of(request).areas()), GEOJSON)


async def get_categories(request: Request) -> Response:
    """GET /v1/categories: what may be reported."""
    require(await anyone_of(request), Act.READ_CATEGORIES)
    categories = await town_of(request).categories()
    return await _cached(request, {"categories": categories}, "application/json")


async def post_areas(request: Request) -> Response:
    """POST /v1/areas?kind=station|beat: these are all areas of the kind from now on. 200 Imported.

    One feature that cannot be used refuses the whole file, with every such feature's name; nothing changes then. With
    check=1 nothing changes either: the answer says what would. If-Match, with the ETag of GET /v1/areas: only while the
    areas are still those.
    """
    who = await signed(request, Act.IMPORT_AREAS)
    kind = request.query_params.get("kind", "")
    if kind not in ("station", "beat"):
        raise Problem("kind_unknown")
    raw = await read_raw(request, limits.AREAS_BODY_BYTES_MAX, GEOJSON, "application/json")
    town = town_of(request)
    reason, checking = request.query_params.get("reason", "").strip(), request.query_params.get("check") == "1"
    if len(reason) > limits.REASON_CHARS_MAX or "\0" in reason:
        raise at("field_invalid", "", f"reason may hold {limits.REASON_CHARS_MAX} characters.")
    held = await town.areas()
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted.strip() != _tag(msgspec.json.encode(_collection(held))):
        raise Problem("stale_version")
    async with _importing:
        report, areas = await asyncio.to_thread(_read, raw, kind, held)
    if not checking and not await town.replace(
        kind, areas, held=held, actor=f"{who.role}:{who.account}", reason=reason or NO_REASON
    ):
        raise Problem("stale_version")
    told = _told(kind, report, [area for area in held if area.kind == kind], areas, applied=not checking)
    return Response(msgspec.json.encode(told), media_type="application/json")


def _read(raw: bytes, kind: str, held: Sequence[TownArea]) -> tuple[Report, list[TownArea]]:
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
    return report, [_town_area(found, one.id) for one in found.areas]


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
        # in lists, as the record gives it back
        outline=msgspec.json.decode(msgspec.json.encode(found.outline(own))),
    )


def _english(properties: Mapping[str, Any]) -> str | None:
    name = properties.get("name_en")
    return name if isinstance(name, str) and name.strip() else None


def _told(
    kind: str, report: Report, before: Sequence[TownArea], after: Sequence[TownArea], *, applied: bool
) -> Imported:
    was, are = {area.id: area for area in before}, {area.id: area for area in after}
    return Imported(
        kind=kind,
        areas=len(after),
        applied=applied,
        added=sorted(are.keys() - was.keys()),
        moved=sorted(own for own in are.keys() & was.keys() if are[own] != was[own]),
        dropped=sorted(was.keys() - are.keys()),
        after=[] if applied else _collection(after)["features"],
        repaired=[Repaired(id=r.id, feature=r.feature, fault=r.fault, share=r.share) for r in report.repaired],
        overlaps=[Overlap(a=a, b=b, m2=m2) for a, b, m2 in report.overlaps],
        gaps=[Surface(what=what, m2=m2) for what, m2 in report.gaps],
        outside=[Surface(what=what, m2=m2) for what, m2 in report.outside],
    )


def _collection(areas: Sequence[TownArea]) -> dict[str, Any]:
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
        for area in areas
    ]
    return {"type": "FeatureCollection", "features": features}


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


async def _cached(request: Request, said: object, media_type: str) -> Response:
    """Answered by 304 where the asker has it, and packed for those who unpack: a map is large and seldom changes."""
    body = msgspec.json.encode(said)
    tag = _tag(body)
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if tag in (one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if len(body) > PACKED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = await asyncio.to_thread(_packed, body)
    return Response(body, 200, headers, media_type=media_type)


@lru_cache(maxsize=4)
def _packed(body: bytes) -> bytes:
    """Once for each map, not for each who asks: 16 MiB take half a second, of a thread and not of the event loop."""
    return gzip.compress(body, 6, mtime=0)
