"""One place on Earth, range-checked, and the one place where axis order is decided.

Inside the service a position is a `Point(lat, lon)` in WGS-84 degrees. GeoJSON (RFC 7946) and most map
libraries write longitude first; only `Point.from_lonlat` and `Point.to_lonlat` know that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LATITUDE_MAX = 90.0
LONGITUDE_MAX = 180.0


class PointCode(StrEnum):
    """Why a pair of numbers is not a place."""

    LATITUDE_OUT_OF_RANGE = "latitude_out_of_range"
    LONGITUDE_OUT_OF_RANGE = "longitude_out_of_range"
    COORDINATE_NOT_FINITE = "coordinate_not_finite"
    COORDINATES_SWAPPED = "coordinates_swapped"


class PointError(ValueError):
    """A pair that is not a place; `code` is for machines, the sentence for people."""

    def __init__(self, code: PointCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Point:
    """A place that is on Earth: latitude in [-90, 90], longitude in [-180, 180], both finite, WGS-84 degrees.

    Raises: PointError with `.code`; a latitude beyond 90 beside a longitude within 90 is called swapped.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        try:
            # One chained comparison settles the good case; NaN compares false and falls through.
            if -90.0 <= self.lat <= 90.0 and -180.0 <= self.lon <= 180.0:
                return
        except TypeError:
            raise _not_finite(self.lat, self.lon) from None
        raise explain(self.lat, self.lon)

    @classmethod
    def from_lonlat(cls, pair: Sequence[float]) -> Point:
        """The place of a GeoJSON position: longitude first; a third number (altitude) is ignored.

        Raises: PointError, also when `pair` is not two or three real numbers.
        """
        if isinstance(pair, (str, bytes)) or not isinstance(pair, Sequence) or len(pair) not in (2, 3):
            raise PointError(
                PointCode.COORDINATE_NOT_FINITE,
                f"A position is two numbers, longitude first, not {pair!r:.60}.",
            )
        lon, lat = pair[0], pair[1]
        if not (_is_real(lat) and _is_real(lon)):
            raise _not_finite(lat, lon)
        if not (-LATITUDE_MAX <= lat <= LATITUDE_MAX and -LONGITUDE_MAX <= lon <= LONGITUDE_MAX):
            # Checked before float(): an integer of 400 digits is legal JSON and overflows a float.
            raise explain(lat, lon)
        return cls(float(lat), float(lon))

    def to_lonlat(self) -> tuple[float, float]:
        """The place as a GeoJSON position: longitude first."""
        return (self.lon, self.lat)


def _is_real(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _not_finite(lat: object, lon: object) -> PointError:
    return PointError(
        PointCode.COORDINATE_NOT_FINITE,
        f"Latitude {lat!r:.40} and longitude {lon!r:.40} must both be finite numbers of degrees.",
    )


def explain(lat: float, lon: float) -> PointError:
    """The error of a pair that is already known not to be a place. Never raises, only returns."""
    if any(isinstance(value, float) and not math.isfinite(value) for value in (lat, lon)):
        return _not_finite(lat, lon)
    if abs(lat) > LATITUDE_MAX and abs(lon) <= LATITUDE_MAX and abs(lat) <= LONGITUDE_MAX:
        return PointError(
            PointCode.COORDINATES_SWAPPED,
            f"Latitude {lat!r:.40} is beyond 90 degrees while longitude {lon!r:.40} is not: looks swapped.",
        )
    if abs(lat) > LATITUDE_MAX:
        return PointError(PointCode.LATITUDE_OUT_OF_RANGE, f"Latitude {lat!r:.40} is outside -90 to 90 degrees.")
    return PointError(PointCode.LONGITUDE_OUT_OF_RANGE, f"Longitude {lon!r:.40} is outside -180 to 180 degrees.")
