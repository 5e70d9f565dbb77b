"""Plausible towns for demonstrations and tests: stations and beats without gaps or overlaps.

`cut` divides one outline into stations and each station into beats, by centroidal Voronoi cells, so that areas
come out round and about equal. `from_points` finds beats where real incidents with a beat's code lie. Both are
deterministic: the same input and seed give the same towns. These lines are invented, never a jurisdiction.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import shapely  # type: ignore[import-untyped]
from shapely.geometry import MultiPoint, Polygon  # type: ignore[import-untyped]
from shapely.geometry.base import BaseGeometry  # type: ignore[import-untyped]

from geo.point import Point
from geo.surface import Shape, polygons_of

LLOYD_ROUNDS = 40  # after these, cells of a district move by metres only
GRID_DEG = 1e-7  # every corner lies on this grid (about 1 cm), so neighbours share their corners exactly
HULL_BUFFER_M = 500.0
CELLS_MAX = 10_000
METRES_PER_DEGREE = 111_195.0

Collection = dict[str, Any]
Place = tuple[float, float]


def cut(
    outline: Mapping[str, Any],
    stations: int,
    beats_per_station: int,
    seed: int,
    *,
    prefix: str = "s",
    names: Sequence[tuple[str, str]] = (),
) -> tuple[Collection, Collection]:
    """Stations and beats of a GeoJSON outline (geometry, Feature or FeatureCollection), as FeatureCollections.

    Stations are numbered from west to east: ids `{prefix}-1`, beats `{prefix}-1-1`. `names` are pairs of a
    Chinese and an English name for the stations, west to east; without them they are numbered. Together the
    stations, and the beats, are the repaired outline, its holes filled, without gap or overlap.

    Raises: ValueError when the numbers are not positive, names are too few, or the outline has no surface.
    """
    if stations < 1 or beats_per_station < 1 or stations * beats_per_station > CELLS_MAX:
        raise ValueError(f"{stations} stations of {beats_per_station} beats are not 1 to {CELLS_MAX} areas.")
    if names and len(names) < stations:
        raise ValueError(f"{len(names)} names are too few for {stations} stations.")
    whole = _outline(outline)
    middle = math.cos(math.radians(whole.centroid.y))
    dice = random.Random(seed)
    plane = shapely.transform(whole, lambda degrees: degrees * [middle, 1.0])
    codes: list[tuple[str, int]] = []
    cells: list[BaseGeometry] = []
    for number, station in enumerate(_sorted_cells(plane, stations, dice), 1):
        for beat, cell in enumerate(_sorted_cells(station, beats_per_station, dice), 1):
            codes.append((f"{prefix}-{number}", beat))
            cells.append(shapely.transform(cell, lambda plane: plane / [middle, 1.0]))
    titles = names or [(f"第{number}派出所", f"Station {number}") for number in range(1, stations + 1)]
    shapes = _fit(whole, cells)
    station_features: list[dict[str, Any]] = []
    beat_features: list[dict[str, Any]] = []
    for number, (zh, en) in enumerate(titles[:stations], 1):
        own = f"{prefix}-{number}"
        parts = [(beat, shape) for (code, beat), shape in zip(codes, shapes, strict=True) if code == own]
        joined = shapely.union_all([shape for _, shape in parts], grid_size=GRID_DEG)
        station_features.append(_feature({"id": own, "name": zh, "name_en": en}, joined))
        for beat, shape in parts:
            properties = {"id": f"{own}-{beat}", "name": f"{zh}{beat}号警务区", "name_en": f"{en}, beat {beat}"}
            beat_features.append(_feature({**properties, "station": own}, shape))
    return _collection(station_features), _collection(beat_features)


def from_points(points: Iterable[tuple[Point, str]]) -> tuple[Collection, Collection]:
    """Stations and beats of incidents that name their beat, as FeatureCollections.

    A beat is the Voronoi cell of the median of its incidents within their hull widened by 500 m; a station is
    all beats whose codes begin with the same number (18F60 lies in station 18). Incidents whose code begins
    with no digit (UNK) name no beat and are left out.

    Raises: ValueError when no incident names a beat.
    """
    places: dict[str, list[Point]] = {}
    for point, code in points:
        if re.match(r"\d", code):
            places.setdefault(code, []).append(point)
    if not places:
        raise ValueError("No incident names a beat.")
    codes = sorted(places, key=lambda code: (_station_of(code), code))
    everyone = MultiPoint([point.to_lonlat() for code in codes for point in places[code]])
    middle = math.cos(math.radians(everyone.centroid.y))
    plane = shapely.transform(everyone, lambda degrees: degrees * [middle, 1.0])
    hull = plane.convex_hull.buffer(HULL_BUFFER_M / METRES_PER_DEGREE)
    seeds: list[Place] = []
    for code in codes:
        seed = median(place.lon for place in places[code]) * middle, median(place.lat for place in places[code])
        while seed in seeds:
            seed = (seed[0] + 1e-5, seed[1])  # two beats of one middle: a metre aside, so that both have a cell
        seeds.append(seed)
    cells = [shapely.transform(cell, lambda plane: plane / [middle, 1.0]) for cell in _voronoi(hull, seeds)]
    shapes = _fit(shapely.transform(hull, lambda plane: plane / [middle, 1.0]), cells)
    beats = [
        _feature({"id": code, "name": f"Beat {code}", "station": str(_station_of(code))}, shape)
        for code, shape in zip(codes, shapes, strict=True)
    ]
    stations: list[dict[str, Any]] = []
    for number in sorted({_station_of(code) for code in codes}):
        own = [shape for code, shape in zip(codes, shapes, strict=True) if _station_of(code) == number]
        joined = shapely.union_all(own, grid_size=GRID_DEG)
        stations.append(_feature({"id": str(number), "name": f"Station {number}"}, joined))
    return _collection(stations), _collection(beats)


def _station_of(code: str) -> int:
    found = re.match(r"\d+", code)
    assert found is not None, "codes without a number are left out before"
    return int(found[0])


def _outline(outline: Mapping[str, Any]) -> Shape:
    """The repaired outline of all features together, its holes filled: ground amid a town belongs to somebody."""
    shape = polygons_of(shapely.make_valid(shapely.from_geojson(json.dumps(outline))))
    if shape is None:
        raise ValueError("The outline has no surface.")
    filled = [Polygon(part.exterior) for part in shapely.get_parts(shape)]
    return polygons_of(shapely.union_all(filled, grid_size=GRID_DEG))


def _sorted_cells(region: BaseGeometry, count: int, dice: random.Random) -> list[BaseGeometry]:
    """Centroidal Voronoi cells of a region (Lloyd 1982), from west to east."""
    west, south, east, north = region.bounds
    seeds: list[Place] = []
    shapely.prepare(region)
    while len(seeds) < count:
        seed = dice.uniform(west, east), dice.uniform(south, north)
        if region.contains(shapely.Point(seed)):
            seeds.append(seed)
    for _ in range(LLOYD_ROUNDS):
        centres = (cell.centroid for cell in _voronoi(region, seeds))
        seeds = [(centre.x, centre.y) for centre in centres]
    return sorted(_voronoi(region, seeds), key=lambda cell: (cell.centroid.x, cell.centroid.y))


def _voronoi(region: BaseGeometry, seeds: Sequence[Place]) -> list[BaseGeometry]:
    """The region's part of each seed's cell, in the order of the seeds."""
    if len(seeds) == 1:
        return [region]
    cells = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=region, ordered=True)
    return [shapely.intersection(cell, region) for cell in cells.geoms]


def _fit(whole: BaseGeometry, cells: Sequence[BaseGeometry]) -> list[Shape]:
    """The cells with all corners on one grid and all borders shared: no gap and no overlap, not even a sliver.

    All lines are cut against each other on the grid; each face between them goes to the cell it lies in.
    """
    lines = [cell.boundary for cell in cells] + [shapely.boundary(whole)]
    noded = shapely.union_all(lines, grid_size=GRID_DEG)
    faces: list[list[BaseGeometry]] = [[] for _ in cells]
    tree = shapely.STRtree(cells)
    shapely.prepare(whole)
    for face in shapely.polygonize(shapely.get_parts(noded)).geoms:
        inside = face.representative_point()
        if whole.contains(inside):
            faces[int(tree.query_nearest(inside)[0])].append(face)
    shapes = [polygons_of(shapely.union_all(own, grid_size=GRID_DEG)) for own in faces]
    if any(shape is None for shape in shapes):
        raise ValueError("The outline is too small for so many areas.")
    return shapes


def _feature(properties: dict[str, Any], shape: BaseGeometry) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.normalize(shape)))
    # The grid's numbers in their shortest form: 118.8 and not 118.80000000000001.
    geometry["coordinates"] = _rounded(geometry["coordinates"])
    return {"type": "Feature", "id": properties["id"], "properties": properties, "geometry": geometry}


def _rounded(value: Any) -> Any:
    return [_rounded(item) for item in value] if isinstance(value, list) else round(value, 7)


def _collection(features: list[dict[str, Any]]) -> Collection:
    return {"type": "FeatureCollection", "features": features}
