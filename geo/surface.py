"""Square metres on the ellipsoid, and polygons out of whatever an overlay leaves.

Areas are taken in the cylindrical equal-area projection of the WGS-84 ellipsoid (Snyder 1987, "Map
projections: a working manual", section 10): one projection for the whole Earth, exact in area everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import shapely  # type: ignore[import-untyped]
from shapely.geometry import MultiPolygon, Polygon  # type: ignore[import-untyped]
from shapely.geometry.base import BaseGeometry  # type: ignore[import-untyped]

from geo.distance import WGS84_A_M, WGS84_E2

Shape: TypeAlias = Polygon | MultiPolygon

_E = math.sqrt(WGS84_E2)


def area_m2(geometry: BaseGeometry) -> float:
    """Square metres of a geometry whose coordinates are (longitude, latitude) degrees; 0 for lines and points."""
    return float(shapely.transform(geometry, _equal_area).area)


def polygons_of(geometry: BaseGeometry) -> Shape | None:
    """The polygons of an overlay's answer without its lines and points; None when it has no surface."""
    polygons = list(_flat(geometry))
    if len(polygons) == 1:
        return polygons[0]
    return MultiPolygon(polygons) if polygons else None


def _flat(geometry: BaseGeometry) -> Iterator[Polygon]:
    if isinstance(geometry, Polygon):
        if geometry.area > 0.0:
            yield geometry
    else:
        # A collection within a collection is what mending a collection leaves.
        for part in getattr(geometry, "geoms", ()):
            yield from _flat(part)


def _equal_area(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sin_phi = np.sin(np.radians(degrees[:, 1]))
    q = (1.0 - WGS84_E2) * (
        sin_phi / (1.0 - WGS84_E2 * sin_phi**2) - np.log((1.0 - _E * sin_phi) / (1.0 + _E * sin_phi)) / (2.0 * _E)
    )
    return np.column_stack([WGS84_A_M * np.radians(degrees[:, 0]), WGS84_A_M * q / 2.0])
