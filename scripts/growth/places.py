"""Where simulated officers stand, and who is nearest by brute force: what every curve is checked against."""

import math
import random
from collections.abc import Iterable
from typing import Final

from dispatch.limits import OFFER_RECIPIENTS_MAX
from geo.distance import metres_fast
from geo.point import Point

CENTRE: Final = Point(32.06, 118.80)
METRES_A_DEGREE: Final = 111_195.0
RING_M: Final = 3_000.0  # the yardstick's only ring


def scattered(count: int, side_m: float, dice: random.Random) -> list[Point]:
    """Uniform in a square round CENTRE, to a millionth of a degree: as they travel."""
    half_lat = side_m / 2 / METRES_A_DEGREE
    half_lon = half_lat / math.cos(math.radians(CENTRE.lat))
    return [
        Point(
            round(CENTRE.lat + dice.uniform(-half_lat, half_lat), 6),
            round(CENTRE.lon + dice.uniform(-half_lon, half_lon), 6),
        )
        for _ in range(count)
    ]


def nearest(place: Point, officers: Iterable[tuple[int, Point]], radius_m: float = RING_M) -> list[int]:
    """The officers to be asked, by measuring every one of them."""
    near = sorted((metres_fast(place, where), number) for number, where in officers)
    return [number for metres, number in near if metres <= radius_m][:OFFER_RECIPIENTS_MAX]
