"""Towns for demonstrations: whole, without gaps or overlaps, and the same every time."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import shapely  # type: ignore[import-untyped]

from geo.areas import load_areas
from geo.point import Point
from geo.surface import area_m2
from geo.town import cut, from_points
from tests.unit.geo.make_data import BEATS_PER_STATION, NAMES, SEED, STATIONS

DATA = Path(__file__).parents[2] / "data"
XUANWU: dict[str, Any] = json.loads((DATA / "xuanwu_district.geojson").read_text("utf-8"))
INVALID: dict[str, Any] = json.loads((DATA / "nanjing_invalid.geojson").read_text("utf-8"))


def incidents() -> list[tuple[Point, str]]:
    with (DATA / "houston_sample.csv").open(encoding="utf-8", newline="") as source:
        return [(Point(float(row["lat"]), float(row["lon"])), row["beat"]) for row in csv.DictReader(source)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("stations", "beats"), [(1, 1), (1, 4), (5, 4), (12, 3)])
def test_a_cut_town_has_no_gaps_and_no_overlaps(stations: int, beats: int, seed: int) -> None:
    station_file, beat_file = cut(XUANWU, stations, beats, seed)
    held, report = load_areas(station_file, kind="station")
    assert report.clean, (seed, report)
    assert report.repaired == []
    found, report = load_areas(beat_file, kind="beat", stations=held)
    assert report.clean, (seed, report)
    assert report.repaired == []
    assert (len(held), len(found)) == (stations, stations * beats)
    whole = shapely.union_all([area.shape for area in found.areas])
    assert sum(area_m2(area.shape) for area in found.areas) == pytest.approx(area_m2(whole), rel=1e-9)


@pytest.mark.parametrize("feature", INVALID["features"], ids=lambda feature: str(feature["id"]))
def test_a_district_in_pieces_or_with_broken_rings_is_cut_as_well(feature: dict[str, Any]) -> None:
    station_file, beat_file = cut(feature, 4, 3, 9)
    held, report = load_areas(station_file, kind="station")
    assert report.clean
    assert load_areas(beat_file, kind="beat", stations=held)[1].clean


def test_beats_of_a_cut_town_are_about_equal() -> None:
    found, _ = load_areas(cut(XUANWU, 5, 4, SEED)[1], kind="beat")
    sizes = [area_m2(area.shape) for area in found.areas]
    assert max(sizes) < 3 * min(sizes)


def test_the_same_seed_cuts_the_same_town_and_another_another() -> None:
    assert cut(XUANWU, 3, 2, 7) == cut(XUANWU, 3, 2, 7)
    assert cut(XUANWU, 3, 2, 7) != cut(XUANWU, 3, 2, 8)


def test_the_committed_town_is_the_one_the_command_writes() -> None:
    written = cut(XUANWU, STATIONS, BEATS_PER_STATION, SEED, prefix="xw", names=NAMES)
    for name, made in zip(("xuanwu_stations.geojson", "xuanwu_beats.geojson"), written, strict=True):
        committed = json.loads((DATA / name).read_text("utf-8"))
        for left, right in zip(committed["features"], made["features"], strict=True):
            assert left["properties"] == right["properties"]
            shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in (left, right)]
            # Not to the last digit: another release of GEOS may round a corner otherwise.
            assert area_m2(shapely.symmetric_difference(*shapes)) < 1_000


def test_the_committed_town_is_sound() -> None:
    held, report = load_areas((DATA / "xuanwu_stations.geojson").read_bytes(), kind="station")
    assert report.clean
    found, report = load_areas((DATA / "xuanwu_beats.geojson").read_bytes(), kind="beat", stations=held)
    assert report.clean
    assert (len(held), len(found)) == (5, 20)
    beat = found.locate(Point(32.06, 118.80))
    assert beat is not None
    assert found[beat].station == held.locate(Point(32.06, 118.80))


@pytest.mark.parametrize(("stations", "beats"), [(0, 1), (1, 0), (200, 200)])
def test_numbers_that_make_no_town_are_refused(stations: int, beats: int) -> None:
    with pytest.raises(ValueError, match="areas"):
        cut(XUANWU, stations, beats, 1)


def test_too_few_names_and_an_outline_without_surface_are_refused() -> None:
    with pytest.raises(ValueError, match="names"):
        cut(XUANWU, 2, 1, 1, names=[("一", "One")])
    with pytest.raises(ValueError, match="surface"):
        cut({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, 2, 1, 1)


def test_houston_has_a_beat_for_every_code_and_every_incident_lies_in_some_beat() -> None:
    points = incidents()
    station_file, beat_file = from_points(points)
    held, report = load_areas(station_file, kind="station")
    assert report.clean, report
    found, report = load_areas(beat_file, kind="beat", stations=held)
    assert report.clean, report
    assert {area.id for area in found.areas} == {code for _, code in points if code != "UNK"}
    assert {"18", "1", "24"} <= {area.id for area in held.areas}
    assert found["18F60"].station == "18"
    at = [(found.locate(point), held.locate(point), code) for point, code in points]
    assert all(beat is not None and station is not None for beat, station, _ in at)
    # Invented lines, but real enough: most incidents lie in the station that really has them.
    assert sum(code.startswith(str(station)) for _, station, code in at) > 0.75 * len(at)


def test_two_beats_of_one_middle_both_get_ground_and_one_beat_gets_it_all() -> None:
    place = Point(29.7, -95.4)
    _, beats = from_points([(place, "1A10"), (place, "1A20"), (place, "UNK")])
    found, report = load_areas(beats, kind="beat")
    assert [area.id for area in found.areas] == ["1A10", "1A20"]
    assert report.clean
    stations, beats = from_points([(place, "1A10")])
    assert len(stations["features"]) == len(beats["features"]) == 1


def test_incidents_without_any_beat_are_refused() -> None:
    with pytest.raises(ValueError, match="beat"):
        from_points([(Point(1.0, 2.0), "UNK")])
