"""A town for chaos: square stations far from each other, so that everybody on duty in one hears of its cases."""

from typing import Any, Final

from geo.point import Point

SIDE: Final = 0.05  # degrees: about 5 km, every officer within the first ring of the middle
APART: Final = 0.4  # degrees: no ring reaches a neighbour
LAT, LON = 31.0, 117.0
ACK_MS: Final = 600_000  # the desk's own alarm is another promise (A15): it stays out of the way here
NOWHERE: Final = Point(10.0, 10.0)  # in no area

CATEGORIES: Final[tuple[dict[str, Any], ...]] = (
    {"id": "real", "name": "Sixty seconds", "ack_ms": ACK_MS},
    {"id": "quick", "name": "Four seconds", "window_ms": 4_000, "ack_ms": ACK_MS},
    {"id": "pair", "name": "Two officers", "seats": 2, "window_ms": 30_000, "ack_ms": ACK_MS},
    {"id": "alarm", "name": "Soon alarmed", "window_ms": 1_500, "ack_ms": 1_000},
    {"id": "asleep", "name": "Nobody answers", "window_ms": 1_500},
    {"id": "scene", "name": "Asked on scene", "check_in_s": 300, "ack_ms": ACK_MS},
    {"id": "urgent", "name": "Worse", "window_ms": 1_500, "ack_ms": ACK_MS},
    {"id": "waves", "name": "Wider soon", "window_ms": 20_000, "wave_ms": 600, "ack_ms": ACK_MS},
)


def station(number: int) -> str:
    return f"s{number}"


def middle(number: int) -> Point:
    """Where the cases of a station are."""
    return Point(LAT, LON + number * APART)


def town(stations: int, officers: int) -> dict[str, Any]:
    """The file of a town; officers go over the stations in turn."""
    ours = [_square(number, id=station(number), name=station(number)) for number in range(stations)]
    beats = [_square(number, id=f"b{number}", name=f"b{number}", station=station(number)) for number in range(stations)]
    return {
        "stations": {"type": "FeatureCollection", "features": ours},
        "beats": {"type": "FeatureCollection", "features": beats},
        "officers": officers,
        "categories": list(CATEGORIES),
    }


def _square(number: int, **properties: str) -> dict[str, Any]:
    centre = middle(number)
    west, east = centre.lon - SIDE / 2, centre.lon + SIDE / 2
    south, north = centre.lat - SIDE / 2, centre.lat + SIDE / 2
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
