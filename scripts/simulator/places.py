"""Where the simulated town lies: its areas, the file the service is started with, and where its officers walk."""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dispatch.cases.policy import Policy
from geo.areas import AreaSet, load_areas
from geo.point import Point
from geo.town import from_points
from scripts.simulator.incidents import Incident

LOCATED_MAX: Final = 6_000  # incidents that are looked up on the map: enough places for every beat
WAY_MAX: Final = 12  # places that one officer visits
Collection = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Map:
    """Stations and beats as GeoJSON FeatureCollections (RFC 7946)."""

    stations: Collection
    beats: Collection

    def town(
        self, officers: int, categories: Sequence[str], window_ms: int | None, policy: Policy | None = None
    ) -> dict[str, Any]:
        """The town's file for a service of our own. `window_ms`: None for the service's own 60 s and its waves;
        `policy`: how every category is offered, its window too."""
        times: dict[str, Any] = {"window_ms": window_ms, "wave_ms": window_ms // 4 if window_ms else None}
        times |= policy.columns() if policy else {}
        kinds = [{"id": one, "name": one, "name_en": one.replace("_", " "), **times} for one in categories]
        return {"stations": self.stations, "beats": self.beats, "officers": officers, "categories": kinds}


def map_of(incidents: Sequence[Incident]) -> Map:
    """Stations and beats from the incidents themselves. Raises: ValueError when none names a beat."""
    return Map(*from_points((one.place, one.beat) for one in incidents))


def read_map(path: Path) -> Map:
    """A FeatureCollection in which a beat names its `station` and a station does not.

    Raises: ValueError when it is not one; OSError when it cannot be read.
    """
    found = json.loads(path.read_bytes())
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise ValueError(f"{path} is not a GeoJSON FeatureCollection")
    beats = [one for one in features if isinstance(one, dict) and (one.get("properties") or {}).get("station")]
    stations = [one for one in features if one not in beats]
    return Map(_collection(stations), _collection(beats))


class Ways:
    """The places that an officer of a beat, or of a station, walks between."""

    def __init__(self, town: Map, incidents: Sequence[Incident], seed: int) -> None:
        self._dice = random.Random(f"{seed}:ways")
        stations, _ = load_areas(town.stations, kind="station")
        beats, _ = load_areas(town.beats, kind="beat")
        some = self._dice.sample(incidents, min(len(incidents), LOCATED_MAX))
        self._anywhere = [one.place for one in some]
        self._of_beat = _grouped(beats, self._anywhere)
        self._of_station = _grouped(stations, self._anywhere)

    def of(self, station: str, beat: str) -> list[Point]:
        """At least one place: the beat's, else the station's, else any."""
        held = self._of_beat.get(beat) or self._of_station.get(station) or self._anywhere
        return self._dice.sample(held, min(len(held), WAY_MAX))


def _grouped(areas: AreaSet, places: Sequence[Point]) -> dict[str, list[Point]]:
    found: defaultdict[str, list[Point]] = defaultdict(list)
    for place in places:
        area = areas.locate(place)
        if area is not None:
            found[area].append(place)
    for one in areas.areas:
        if one.id not in found:
            inside = one.shape.representative_point()
            found[one.id].append(Point(inside.y, inside.x))
    return dict(found)


def _collection(features: list[Any]) -> Collection:
    return {"type": "FeatureCollection", "features": features}
