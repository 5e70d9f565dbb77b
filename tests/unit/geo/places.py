"""Hypothesis strategies for places, and how to walk from one."""

from geopy.distance import geodesic
from hypothesis import strategies as st

from geo.point import Point

anywhere = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
# Away from the box's edge and from nothing else: where the two datums must agree both ways.
inside_china = st.builds(Point, st.floats(0.9, 55.8), st.floats(72.1, 137.8))
bearings = st.floats(0, 360)


def walk(start: Point, distance_m: float, bearing: float) -> Point:
    """The place `distance_m` geodesic metres away, by geopy."""
    end = geodesic(meters=distance_m).destination((start.lat, start.lon), bearing)
    return Point(end.latitude, (end.longitude + 180.0) % 360.0 - 180.0)
