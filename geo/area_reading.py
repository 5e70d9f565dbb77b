"""From the text of a GeoJSON file to areas: what is read, what is repaired, what is refused and why.

Follows RFC 7946: longitude first, WGS-84, no `crs` member of another datum. Faults of the file raise; faults of
one feature are returned, so that one look tells a station everything that is wrong with its file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import shapely  # type: ignore[import-untyped]
from shapely.geometry import MultiPolygon, Polygon  # type: ignore[import-untyped]

from geo.point import Point, PointError
from geo.surface import Shape, area_m2, polygons_of

REPAIR_SHARE_MAX = 0.01  # of the drawn area; more is another shape than the one that was meant
GEOJSON_BYTES_MAX = 32 * 1024 * 1024
FEATURES_MAX = 10_000
POSITIONS_MAX = 200_000  # of one feature
CRS84 = frozenset({"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"})


class AreaKind(StrEnum):
    """What the polygons of a file are."""

    STATION = "station"
    BEAT = "beat"


class AreaCode(StrEnum):
    """Why a file or a feature is refused; a feature's coordinates may also carry a `PointCode`."""

    NOT_GEOJSON = "not_geojson"
    FOREIGN_CRS = "foreign_crs"
    TOO_LARGE = "too_large"
    GEOMETRY_TYPE = "geometry_type"
    RING_TOO_SHORT = "ring_too_short"
    REPAIR_TOO_LARGE = "repair_too_large"
    NO_POLYGON_LEFT = "no_polygon_left"
    ID_MISSING = "id_missing"
    ID_DUPLICATE = "id_duplicate"
    NAME_MISSING = "name_missing"
    STATION_MISSING = "station_missing"
    STATION_UNKNOWN = "station_unknown"


class AreaError(ValueError):
    """A refusal: `code` for machines, `feature` names the culprit (None: the file), the sentence is for people."""

    def __init__(self, code: str, sentence: str, feature: str | None = None) -> None:
        super().__init__(sentence if feature is None else f"{feature}: {sentence}")
        self.code = code
        self.feature = feature


@dataclass(frozen=True, slots=True)
class Area:
    """A station's jurisdiction or a beat: valid polygons of (longitude, latitude), and the file's properties."""

    id: str
    name: str
    kind: AreaKind
    station: str | None
    shape: Shape
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended: the feature's name, the fault in words, and the share of its area that changed."""

    id: str
    feature: str
    fault: str
    share: float


def features_of(geojson: bytes | str | Mapping[str, Any]) -> Sequence[Any]:
    """The features of a FeatureCollection, unread. Raises: AreaError for a fault of the whole file."""
    if isinstance(geojson, (bytes, str)):
        if len(geojson) > GEOJSON_BYTES_MAX:
            raise AreaError(AreaCode.TOO_LARGE, f"The file is larger than {GEOJSON_BYTES_MAX} bytes.")
        try:
            document = json.loads(geojson)
        except (ValueError, RecursionError) as fault:
            raise AreaError(AreaCode.NOT_GEOJSON, f"This is not JSON: {fault}.") from None
    else:
        document = geojson
    if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
        raise AreaError(AreaCode.NOT_GEOJSON, "A GeoJSON object of type FeatureCollection is needed.")
    _check_crs(document.get("crs"))
    features = document.get("features")
    if not isinstance(features, list):
        raise AreaError(AreaCode.NOT_GEOJSON, "A FeatureCollection has a list of features.")
    if len(features) > FEATURES_MAX:
        raise AreaError(AreaCode.TOO_LARGE, f"The file has more than {FEATURES_MAX} features.")
    return features


def read_feature(feature: object, at: int, kind: AreaKind) -> tuple[Area, Repair | None]:
    """The area of one feature and what had to be mended.

    The id is the property `id` or, without it, the feature's own `id`. Raises: AreaError naming the feature.
    """
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise AreaError(AreaCode.NOT_GEOJSON, "An object of type Feature is needed.", f"feature {at}")
    found = feature.get("properties")
    properties: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    own_id = _word(properties.get("id", feature.get("id")))
    name = _word(properties.get("name"))
    label = name or own_id or f"feature {at}"
    if own_id is None:
        raise AreaError(AreaCode.ID_MISSING, "The property id is missing.", label)
    if name is None:
        raise AreaError(AreaCode.NAME_MISSING, "The property name is missing.", label)
    station = _word(properties.get("station"))
    if kind is AreaKind.BEAT and station is None:
        raise AreaError(AreaCode.STATION_MISSING, "A beat needs the property station.", label)
    shape, fault, share = _read_shape(feature.get("geometry"), label)
    area = Area(own_id, name, kind, station if kind is AreaKind.BEAT else None, shape, dict(properties))
    return area, None if fault is None else Repair(own_id, label, fault, share)


def _check_crs(crs: object) -> None:
    """RFC 7946 section 4 knows WGS-84 only; the older form that names just that is harmless."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    if name not in CRS84:
        raise AreaError(
            AreaCode.FOREIGN_CRS,
            f"The file names the reference system {name!r:.80}; save it again as WGS-84 without a crs member.",
        )


def _word(value: object) -> str | None:
    """A text that says something; numbers are common as ids and are taken as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def _read_shape(geometry: object, label: str) -> tuple[Shape, str | None, float]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise AreaError(AreaCode.GEOMETRY_TYPE, f"A Polygon or a MultiPolygon is needed, not {kind!r:.40}.", label)
    budget = [POSITIONS_MAX]
    drawn = [coordinates] if kind == "Polygon" else _list(coordinates, label)
    faults: set[str] = set()
    polygons = [_read_polygon(rings, label, budget, faults) for rings in drawn]
    raw = polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)
    if not raw.is_valid:
        faults.add(shapely.is_valid_reason(raw))
    shape = polygons_of(shapely.make_valid(raw))
    if shape is None:
        raise AreaError(AreaCode.NO_POLYGON_LEFT, "No surface is left of this drawing.", label)
    if not faults:
        return shape, None, 0.0
    before_m2, after_m2 = area_m2(raw), area_m2(shape)
    share = abs(after_m2 - before_m2) / before_m2 if before_m2 > 0.0 else 1.0
    if share > REPAIR_SHARE_MAX:
        raise AreaError(
            AreaCode.REPAIR_TOO_LARGE,
            f"Mending it ({'; '.join(sorted(faults))}) would change its area from {before_m2:,.0f} to"
            f" {after_m2:,.0f} square metres, more than {REPAIR_SHARE_MAX:.0%}.",
            label,
        )
    return shape, "; ".join(sorted(faults)), share


def _read_polygon(rings: object, label: str, budget: list[int], faults: set[str]) -> Polygon:
    read = [_read_ring(ring, label, budget, faults) for ring in _list(rings, label)]
    return Polygon(read[0], read[1:])


def _read_ring(ring: object, label: str, budget: list[int], faults: set[str]) -> list[tuple[float, float]]:
    positions = _list(ring, label)
    budget[0] -= len(positions)
    if budget[0] < 0:
        raise AreaError(AreaCode.TOO_LARGE, f"It has more than {POSITIONS_MAX} positions.", label)
    try:
        read = [Point.from_lonlat(position).to_lonlat() for position in positions]
    except PointError as fault:
        raise AreaError(fault.code, str(fault), label) from None
    if read[0] != read[-1]:
        faults.add("Ring not closed")
        read.append(read[0])
    if len(read) < 4:
        raise AreaError(AreaCode.RING_TOO_SHORT, "A ring needs three places and the first again.", label)
    return read


def _list(value: object, label: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise AreaError(AreaCode.NOT_GEOJSON, "Its coordinates are not lists of rings of positions.", label)
    return value
