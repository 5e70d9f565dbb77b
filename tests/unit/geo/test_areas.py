"""Importing stations and beats: what is mended, what is refused, what is disputed, and who holds a place."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from geo.areas import AreaCode, AreaError, AreaSet, Report, load_areas
from geo.point import Point, PointCode
from geo.surface import area_m2

DATA = Path(__file__).parents[2] / "data"
SQUARE = [[118.0, 32.0], [118.1, 32.0], [118.1, 32.1], [118.0, 32.1], [118.0, 32.0]]


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(own_id: Any, *rings: Any, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {
        "type": "Feature",
        "properties": {"id": own_id, "name": f"Area {own_id}", **properties},
        "geometry": geometry,
    }


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def stations(*features: Any) -> tuple[AreaSet, Report]:
    return load_areas(collection(*features), kind="station")


def refusal(*features: Any) -> AreaError:
    found, report = stations(*features)
    assert len(found) == len(features) - 1
    [refused] = report.refused
    return refused


def test_a_good_file_is_read_without_a_word() -> None:
    for geojson in (
        collection(feature("a", SQUARE)),
        json.dumps(collection(feature("a", SQUARE))),
        json.dumps(collection(feature("a", SQUARE))).encode(),
    ):
        found, report = load_areas(geojson, kind="station")
        assert [area.id for area in found.areas] == ["a"]
        assert report.clean
        assert report.repaired == []
        assert found.outline("a")["type"] == "Polygon"


@pytest.mark.parametrize(
    "geojson",
    ["", "[]", "{", b"\xff\xfe\x00", "null", '{"type":"Feature"}', '{"type":"FeatureCollection"}', "[" * 100_000],
)
def test_what_is_not_a_feature_collection_is_refused_whole(geojson: str | bytes) -> None:
    with pytest.raises(AreaError) as refused:
        load_areas(geojson, kind="station")
    assert refused.value.code == AreaCode.NOT_GEOJSON
    assert refused.value.feature is None


def test_a_foreign_reference_system_is_refused_and_the_old_name_of_wgs84_is_not() -> None:
    def crs(name: str) -> dict[str, Any]:
        return {"type": "name", "properties": {"name": name}}

    with pytest.raises(AreaError, match="EPSG::4490") as refused:
        load_areas(collection(feature("a", SQUARE), crs=crs("urn:ogc:def:crs:EPSG::4490")), kind="station")
    assert refused.value.code == AreaCode.FOREIGN_CRS
    old = collection(feature("a", SQUARE), crs=crs("urn:ogc:def:crs:OGC:1.3:CRS84"))
    assert len(load_areas(old, kind="station")[0]) == 1


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ([[lat, lon] for lon, lat in SQUARE], PointCode.COORDINATES_SWAPPED),
        ([[118.0, 32.0], [200.0, 32.0], [118.1, 32.1], [118.0, 32.0]], PointCode.LONGITUDE_OUT_OF_RANGE),
        ([[18.0, 32.0], [18.1, 200.0], [18.1, 32.1], [18.0, 32.0]], PointCode.LATITUDE_OUT_OF_RANGE),
        ([[118.0, 32.0], [118.1, math.nan], [118.1, 32.1], [118.0, 32.0]], PointCode.COORDINATE_NOT_FINITE),
        ([[118.0, 32.0], [118.1, "x"], [118.1, 32.1], [118.0, 32.0]], PointCode.COORDINATE_NOT_FINITE),
        ([[118.0, 32.0], [118.1, 32.0], [118.0, 32.0]], AreaCode.RING_TOO_SHORT),
        ([[118.0, 32.0], [118.1, 32.0], [118.2, 32.0], [118.0, 32.0]], AreaCode.NO_POLYGON_LEFT),
        ([[118.0, 32.0], [118.1, 32.1], [118.1, 32.0], [118.0, 32.1], [118.0, 32.0]], AreaCode.REPAIR_TOO_LARGE),
        ([], AreaCode.NOT_GEOJSON),
        ("abc", AreaCode.NOT_GEOJSON),
        ({"a": 1}, AreaCode.NOT_GEOJSON),
    ],
)
def test_a_ring_that_cannot_be_mended_is_refused_by_its_name_and_the_others_stay(ring: Any, code: str) -> None:
    refused = refusal(feature("good", SQUARE), feature("bad", ring))
    assert refused.code == code
    assert refused.feature == "Area bad"
    assert str(refused).startswith("Area bad: ")
    assert str(refused).endswith(".")


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": [1, 2]}, {"type": "LineString"}, 5])
def test_only_polygons_are_areas(geometry: Any) -> None:
    bad = {**feature("bad", SQUARE), "geometry": geometry}
    assert refusal(feature("good", SQUARE), bad).code == AreaCode.GEOMETRY_TYPE


def test_a_feature_without_id_name_or_station_is_refused() -> None:
    assert refusal(feature("good", SQUARE), feature(None, SQUARE)).code == AreaCode.ID_MISSING
    assert refusal(feature("good", SQUARE), feature("b", SQUARE, name=" ")).code == AreaCode.NAME_MISSING
    assert refusal(feature("good", SQUARE), "not a feature").code == AreaCode.NOT_GEOJSON
    _, report = load_areas(collection(feature("b", SQUARE)), kind="beat")
    assert [refused.code for refused in report.refused] == [AreaCode.STATION_MISSING]


def test_of_two_with_one_id_the_first_stays_and_the_second_is_refused() -> None:
    refused = refusal(feature("a", SQUARE), feature("a", box(119, 32, 120, 33), name="Second"))
    assert (refused.code, refused.feature) == (AreaCode.ID_DUPLICATE, "Second")


def test_the_id_of_the_feature_itself_serves_when_no_property_has_it() -> None:
    bare = {**feature("x", SQUARE), "id": 320102, "properties": {"name": "玄武区"}}
    assert [area.id for area in stations(bare)[0].areas] == ["320102"]


def test_a_ring_left_open_is_closed_and_told() -> None:
    found, report = stations(feature("a", SQUARE[:-1]))
    assert len(found) == 1
    assert [(repair.id, repair.fault, repair.share) for repair in report.repaired] == [("a", "Ring not closed", 0.0)]


@pytest.mark.parametrize(("name", "count"), [("nanjing_invalid.geojson", 3), ("xuanwu_district.geojson", 1)])
def test_real_districts_with_invalid_rings_are_mended_and_told(name: str, count: int) -> None:
    found, report = load_areas((DATA / name).read_bytes(), kind="station")
    assert report.refused == []
    assert len(found) == len(report.repaired) == count
    assert all("elf-intersection" in repair.fault and repair.share <= 0.01 for repair in report.repaired)
    assert all(area.shape.is_valid for area in found.areas)


def test_xuanwu_measures_its_75_square_kilometres() -> None:
    found, _ = load_areas((DATA / "xuanwu_district.geojson").read_bytes(), kind="station")
    assert area_m2(found.areas[0].shape) / 1e6 == pytest.approx(75, abs=1)


def test_a_square_degree_measures_what_the_ellipsoid_says() -> None:
    # At the equator a degree is 110.574 km high and, on average up to 1 degree north, 111.314 km wide.
    found, _ = stations(feature("a", box(10, 0, 11, 1)))
    assert area_m2(found.areas[0].shape) / 1e6 == pytest.approx(110.574 * 111.314, rel=1e-4)


def test_overlaps_are_told_with_their_square_metres() -> None:
    shared_m2 = area_m2(stations(feature("x", box(118.1, 32, 118.2, 32.1)))[0].areas[0].shape)
    _, report = stations(feature("b", box(118.1, 32, 118.3, 32.1)), feature("a", box(118, 32, 118.2, 32.1)))
    [(left, right, found_m2)] = report.overlaps
    assert (left, right) == ("a", "b")
    assert found_m2 == pytest.approx(shared_m2, rel=1e-9)
    assert not report.clean


def test_neighbours_that_share_a_border_do_not_quarrel() -> None:
    _, report = stations(feature("a", box(118, 32, 118.1, 32.1)), feature("b", box(118.1, 32, 118.2, 32.1)))
    assert report.clean


def test_ground_surrounded_and_held_by_nobody_is_told() -> None:
    ring = [
        feature("n", box(118.0, 32.2, 118.3, 32.3)),
        feature("s", box(118.0, 32.0, 118.3, 32.1)),
        feature("w", box(118.0, 32.1, 118.1, 32.2)),
        feature("e", box(118.2, 32.1, 118.3, 32.2)),
    ]
    _, report = stations(*ring)
    [(words, hole_m2)] = report.gaps
    assert "surrounded by e, n, s, w at 32.15" in words
    assert hole_m2 == pytest.approx(area_m2(stations(feature("x", box(118.1, 32.1, 118.2, 32.2)))[0].areas[0].shape))


def test_beats_are_held_against_their_stations() -> None:
    held, _ = stations(feature("s", box(118.0, 32.0, 118.2, 32.1)))
    beats = collection(
        feature("s1", box(118.0, 32.0, 118.1, 32.1), station="s"),
        feature("s2", box(118.15, 32.0, 118.25, 32.1), station="s"),
        feature("t1", box(119.0, 32.0, 119.1, 32.1), station="t"),
    )
    found, report = load_areas(beats, kind="beat", stations=held)
    assert [area.id for area in found.areas] == ["s1", "s2"]
    assert [refused.code for refused in report.refused] == [AreaCode.STATION_UNKNOWN]
    half_m2 = area_m2(found["s1"].shape) / 2
    assert [(words.split(" at ")[0], round(m2)) for words, m2 in report.gaps] == [
        ("in station s beside s1, s2", round(half_m2))
    ]
    assert [(beat, round(m2)) for beat, m2 in report.outside] == [("s2", round(half_m2))]


def test_a_place_is_found_in_its_area_and_nowhere_else() -> None:
    found, _ = stations(feature("a", SQUARE), feature("b", box(118.1, 32.0, 118.2, 32.1)))
    assert found.locate(Point(32.05, 118.05)) == "a"
    assert found.locate(Point(32.05, 118.15)) == "b"
    assert found.locate(Point(32.05, 118.25)) is None
    assert AreaSet([]).locate(Point(32.05, 118.25)) is None


def test_a_place_on_the_border_belongs_to_the_lowest_id_whatever_the_order() -> None:
    a, b = feature("a", SQUARE), feature("b", box(118.1, 32.0, 118.2, 32.1))
    border = Point(32.05, 118.1)
    assert stations(a, b)[0].locate(border) == stations(b, a)[0].locate(border) == "a"
    assert stations(b)[0].locate(border) == "b"


def test_a_hole_belongs_to_nobody_and_to_the_one_who_fills_it() -> None:
    ring = feature("ring", box(118.0, 32.0, 118.3, 32.3), box(118.1, 32.1, 118.2, 32.2))
    assert stations(ring)[0].locate(Point(32.15, 118.15)) is None
    both, report = stations(ring, feature("yolk", box(118.1, 32.1, 118.2, 32.2)))
    assert both.locate(Point(32.15, 118.15)) == "yolk"
    assert report.clean


def test_too_many_features_and_too_many_positions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.area_reading.FEATURES_MAX", 1)
    monkeypatch.setattr("geo.area_reading.GEOJSON_BYTES_MAX", 10_000)
    monkeypatch.setattr("geo.area_reading.POSITIONS_MAX", 5)
    with pytest.raises(AreaError) as refused:
        stations(feature("a", SQUARE), feature("b", SQUARE))
    assert refused.value.code == AreaCode.TOO_LARGE
    with pytest.raises(AreaError) as refused:
        load_areas(" " * 10_001, kind="station")
    assert refused.value.code == AreaCode.TOO_LARGE
    _, report = stations(feature("a", SQUARE, SQUARE))
    assert [refused.code for refused in report.refused] == [AreaCode.TOO_LARGE]
