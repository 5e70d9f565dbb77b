"""Stations' jurisdictions and beats: which area holds a place, and what is wrong with a set of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely  # type: ignore[import-untyped]
from shapely import STRtree
from shapely.geometry import Polygon  # type: ignore[import-untyped]
from shapely.geometry.base import BaseGeometry  # type: ignore[import-untyped]

from geo.area_reading import Area, AreaCode, AreaError, AreaKind, Repair, features_of, read_feature
from geo.point import Point
from geo.surface import area_m2, polygons_of

SLIVER_M2 = 1.0  # overlaps and gaps below this are the rounding of coordinates, not a quarrel

__all__ = ["Area", "AreaCode", "AreaError", "AreaKind", "AreaSet", "Repair", "Report", "load_areas"]


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did and found; surfaces in square metres, largest first.

    `refused` features are not in the set. `overlaps` are pairs of ids; `gaps` are places nobody has: holes
    between areas, and for beats what their station has and they lack; `outside` is what a beat has beyond
    its station.
    """

    repaired: list[Repair] = field(default_factory=list)
    refused: list[AreaError] = field(default_factory=list)
    overlaps: list[tuple[str, str, float]] = field(default_factory=list)
    gaps: list[tuple[str, float]] = field(default_factory=list)
    outside: list[tuple[str, float]] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was refused and nobody quarrels; repairs are allowed."""
        return not (self.refused or self.overlaps or self.gaps or self.outside)


class AreaSet:
    """Areas with different ids, answering which of them holds a place; immutable."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.areas: tuple[Area, ...] = tuple(sorted(areas, key=lambda area: area.id))
        self._by_id = {area.id: area for area in self.areas}
        assert len(self._by_id) == len(self.areas), "ids are unique; load_areas refuses the second"
        self._shapes = [area.shape for area in self.areas]
        shapely.prepare(self._shapes)
        self._tree = STRtree(self._shapes)

    def __len__(self) -> int:
        return len(self.areas)

    def __getitem__(self, area_id: str) -> Area:
        return self._by_id[area_id]

    def __contains__(self, area_id: object) -> bool:
        return area_id in self._by_id

    def locate(self, point: Point) -> str | None:
        """The id of the area that holds the place, its boundary included; the lowest id where several do."""
        held = self._tree.query(shapely.Point(point.lon, point.lat), predicate="intersects")
        # Areas are sorted by id, so the lowest index is the lowest id.
        return self.areas[int(held.min())].id if held.size else None

    def outline(self, area_id: str) -> dict[str, Any]:
        """The area as a GeoJSON geometry. Raises: KeyError for an unknown id."""
        outline: dict[str, Any] = json.loads(shapely.to_geojson(self._by_id[area_id].shape))
        return outline

    def overlaps(self) -> list[tuple[str, str, float]]:
        """Pairs of areas that both hold the same ground, with its square metres, largest first."""
        if not self.areas:
            return []
        left, right = self._tree.query(self._shapes, predicate="intersects")
        found: list[tuple[str, str, float]] = []
        for a, b in zip(left.tolist(), right.tolist(), strict=True):
            if a < b:
                shared_m2 = area_m2(shapely.intersection(self._shapes[a], self._shapes[b]))
                if shared_m2 >= SLIVER_M2:
                    found.append((self.areas[a].id, self.areas[b].id, shared_m2))
        return sorted(found, key=lambda overlap: (-overlap[2], overlap[:2]))

    def holes(self) -> list[tuple[str, float]]:
        """Ground that the areas surround and none of them holds, in words and square metres."""
        union = polygons_of(shapely.union_all(self._shapes))
        if union is None:
            return []
        polygons = [part for part in shapely.get_parts(union).tolist() if isinstance(part, Polygon)]
        holes = [Polygon(ring) for polygon in polygons for ring in polygon.interiors]
        return self._describe("surrounded by", holes)

    def _describe(self, words: str, pieces: Iterable[BaseGeometry]) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for piece in pieces:
            piece_m2 = area_m2(piece)
            if piece_m2 >= SLIVER_M2:
                at = piece.representative_point()
                near = np.sort(self._tree.query(piece, predicate="intersects")).tolist()
                ids = ", ".join(self.areas[index].id for index in near) or "nobody"
                found.append((f"{words} {ids} at {at.y:.5f}, {at.x:.5f}", piece_m2))
        return sorted(found, key=lambda gap: (-gap[1], gap[0]))

    def _against(self, stations: AreaSet) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """For beats: what each station has and its beats lack, and what a beat has beyond its station."""
        gaps: list[tuple[str, float]] = []
        outside: list[tuple[str, float]] = []
        for station in stations.areas:
            beats = [area for area in self.areas if area.station == station.id]
            lacking = shapely.difference(station.shape, shapely.union_all([beat.shape for beat in beats]))
            gaps += self._describe(f"in station {station.id} beside", shapely.get_parts(lacking).tolist())
            for beat in beats:
                beyond_m2 = area_m2(shapely.difference(beat.shape, station.shape))
                if beyond_m2 >= SLIVER_M2:
                    outside.append((beat.id, beyond_m2))
        return gaps, sorted(outside, key=lambda found: (-found[1], found[0]))


def load_areas(
    geojson: bytes | str | Mapping[str, Any],
    *,
    kind: AreaKind | Literal["station", "beat"],
    stations: AreaSet | None = None,
) -> tuple[AreaSet, Report]:
    """The areas of an RFC 7946 FeatureCollection, and a report of everything mended, refused and disputed.

    Features need the properties `id` and `name`, beats also `station`. Broken rings are mended when that
    changes the area by at most `REPAIR_SHARE_MAX`; otherwise, and for every other fault of one feature, the
    feature is left out and stands in `report.refused`. Of features with one id the first stays. With
    `stations`, beats are held against them too. Overlaps are reported, never decided.

    Raises: AreaError for a fault of the whole file (not GeoJSON, another reference system, too large).
    """
    kind = AreaKind(kind)
    report = Report()
    areas: dict[str, Area] = {}
    for at, feature in enumerate(features_of(geojson)):
        try:
            area, repair = read_feature(feature, at, kind)
            if area.id in areas:
                raise AreaError(
                    AreaCode.ID_DUPLICATE, f"The id {area.id} is {areas[area.id].name}'s already.", area.name
                )
            if stations is not None and area.station is not None and area.station not in stations:
                raise AreaError(AreaCode.STATION_UNKNOWN, f"There is no station {area.station}.", area.name)
        except AreaError as refusal:
            report.refused.append(refusal)
            continue
        areas[area.id] = area
        if repair is not None:
            report.repaired.append(repair)
    found = AreaSet(areas.values())
    report.overlaps.extend(found.overlaps())
    report.gaps.extend(found.holes())
    if kind is AreaKind.BEAT and stations is not None:
        # Held against its stations, every hole is seen there; said once is enough.
        gaps, outside = found._against(stations)
        report.gaps[:] = gaps
        report.outside.extend(outside)
    return found, report
