"""WGS-84 and GCJ-02, converted at the border only; inside the service every Point is WGS-84.

GCJ-02 is the datum of WeChat, Amap and Tencent maps: WGS-84 pushed aside by 100 to 700 m inside mainland
China. The forward formula is the published reimplementation on the Krasovsky 1940 ellipsoid (the same
constants as in eviltransform and coordtransform); the inverse is found by iteration.
"""

from __future__ import annotations

import math
from enum import StrEnum

from geo.point import Point

# The box within which map makers apply GCJ-02; a rectangle, so it takes in some neighbours as well.
CHINA_SOUTH, CHINA_NORTH = 0.8293, 55.8271
CHINA_WEST, CHINA_EAST = 72.004, 137.8347

KRASOVSKY_A_M = 6_378_245.0
KRASOVSKY_E2 = 0.00669342162296594323

INVERSE_ROUNDS_MAX = 12
INVERSE_STEP_DEG = 1e-10  # about 0.01 mm


class Datum(StrEnum):
    """The datum in which a device or a map speaks."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def to_wgs84(point: Point, datum: Datum) -> Point:
    """The same place in WGS-84. Undoes `from_wgs84` to better than 1e-6 degree (0.1 m) inside China's box.

    Identity for WGS-84 and for points outside the box. Within 0.02 degree of the box's own edge, where the
    formula begins at once, the answer may be off by the size of the shift; that edge is sea or abroad.
    """
    if datum is Datum.WGS84 or not in_china_box(point):
        return point
    lat, lon = point.lat, point.lon
    for _ in range(INVERSE_ROUNDS_MAX):
        shift_lat, shift_lon = _shift(lat, lon)
        lat_next, lon_next = point.lat - shift_lat, point.lon - shift_lon
        step = max(abs(lat_next - lat), abs(lon_next - lon))
        lat, lon = lat_next, lon_next
        if step < INVERSE_STEP_DEG:
            break
    return Point(lat, lon)


def from_wgs84(point: Point, datum: Datum) -> Point:
    """The same place in `datum`. Identity for WGS-84 and for points outside mainland China's box."""
    if datum is Datum.WGS84 or not in_china_box(point):
        return point
    shift_lat, shift_lon = _shift(point.lat, point.lon)
    return Point(point.lat + shift_lat, point.lon + shift_lon)


def in_china_box(point: Point) -> bool:
    """Whether map makers shift this place."""
    return CHINA_SOUTH <= point.lat <= CHINA_NORTH and CHINA_WEST <= point.lon <= CHINA_EAST


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """How far GCJ-02 lies from WGS-84 here: (degrees north, degrees east)."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    wave = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (wave + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north_m += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (wave + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east_m += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    lat_rad = math.radians(lat)
    w2 = 1.0 - KRASOVSKY_E2 * math.sin(lat_rad) ** 2
    meridian_m = KRASOVSKY_A_M * (1.0 - KRASOVSKY_E2) / (w2 * math.sqrt(w2))
    parallel_m = KRASOVSKY_A_M / math.sqrt(w2) * math.cos(lat_rad)
    return math.degrees(north_m / meridian_m), math.degrees(east_m / parallel_m)
