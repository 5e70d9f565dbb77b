"""b. The nearest fifty by the index in each process, and by Redis GEOSEARCH, as positions grow to a million.

Both are asked for the fifty nearest within the widest ring; both are checked against measuring every position.
"""

import random
import time
from typing import Any

import numpy as np
import numpy.typing as npt
from redis.asyncio import Redis

from dispatch.limits import OFFER_RECIPIENTS_MAX, RINGS_M
from geo.distance import WGS84_A_M, WGS84_E2
from geo.grid import Grid
from geo.point import Point
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.ground import Ground
from scripts.growth.places import CENTRE, METRES_A_DEGREE

SEED = 20_261_122
FULL, QUICK = (10_000, 100_000, 1_000_000), (500, 6_000)  # 6,000: beyond the size up to which everything is scanned
SIDES_M = (12_000.0, 200_000.0)  # a dense city, a province
P99_MS_MAX, GROWTH_MAX = 2.0, 2.0
RADIUS_M = float(RINGS_M[-1])
EDGE_M = 1.0  # Redis measures on a sphere and keeps 52 bits: near its edges either answer is right
SPHERE_SHARE = 0.006  # by which a sphere's metres differ from the ellipsoid's, at most

Floats = npt.NDArray[np.float64]


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("near", f"the nearest {OFFER_RECIPIENTS_MAX} within {RADIUS_M / 1000:g} km by positions in the index")
    redis = Redis.from_url(ground.stores.redis_url, socket_timeout=60, decode_responses=True)
    try:
        for side_m in SIDES_M:
            sizes = QUICK if quick else FULL
            points = [await _point(redis, size, side_m, 20 if quick else 1_000, curve) for size in sizes]
            curve.points += points
            worst = [point["grid_cpu_p99_ms"] for point in points]
            where = f"{side_m / 1000:g} km"
            curve.reach(max(worst) <= P99_MS_MAX, f"{where}: p99 of the nearest (CPU) is over {P99_MS_MAX} ms: {worst}")
            curve.reach(
                worst[-1] <= GROWTH_MAX * worst[0], f"{where}: p99 is not flat within {GROWTH_MAX} times: {worst}"
            )
    finally:
        await redis.delete("growth:near")
        await redis.aclose()
    return curve


async def _point(redis: Redis, positions: int, side_m: float, questions: int, curve: Curve) -> dict[str, Any]:
    rng, dice = np.random.default_rng(SEED), random.Random(SEED)
    half_lat = side_m / 2 / METRES_A_DEGREE
    half_lon = half_lat / float(np.cos(np.radians(CENTRE.lat)))
    lats = CENTRE.lat + rng.uniform(-half_lat, half_lat, positions)
    lons = CENTRE.lon + rng.uniform(-half_lon, half_lon, positions)
    grid: Grid[int] = Grid()
    grid.put_many(range(positions), lats, lons, 0.0, 10.0)
    places = [
        Point(CENTRE.lat + dice.uniform(-half_lat, half_lat), CENTRE.lon + dice.uniform(-half_lon, half_lon))
        for _ in range(questions)
    ]
    for place in places[:10]:
        _asked(grid, place)  # the index sorts itself at the first question
    spent, worked = [], []
    for place in places:
        began, began_work = time.perf_counter(), time.thread_time()
        _asked(grid, place)
        spent.append(time.perf_counter() - began)
        worked.append(time.thread_time() - began_work)
    checked = places[:20]
    where = f"{positions} positions in {side_m / 1000:g} km"
    everybody = _ecef(lats, lons)
    wrong = sum([key for key, _ in _asked(grid, place)] != _by_force(everybody, place) for place in checked)
    curve.hold(wrong == 0, f"{where}: {wrong} of {len(checked)} answers of the grid differ from brute force")
    redis_s, wrong = await _by_redis(redis, lats, lons, places[:30], everybody)
    curve.hold(wrong == 0, f"{where}: {wrong} answers of GEOSEARCH are not the nearest")
    return {
        "positions": positions,
        "side_km": side_m / 1000,
        "questions": questions,
        "checked": len(checked),
        **spread_ms("grid", spent),
        **spread_ms("grid_cpu", worked),  # what a question costs even when others have the core
        **spread_ms("geosearch", redis_s),
    }


def _asked(grid: Grid[int], place: Point) -> list[tuple[int, float]]:
    return grid.nearest(place, RADIUS_M, OFFER_RECIPIENTS_MAX, now=1.0, age_s_max=30.0, accuracy_m_max=100.0)


def _ecef(lats: Floats, lons: Floats) -> Floats:
    """Rows of Earth-centred metres, written anew here: the check shares nothing with the index but the ellipsoid."""
    phi, lam = np.radians(lats), np.radians(lons)
    normal = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * np.sin(phi) ** 2)
    return np.stack(
        [
            normal * np.cos(phi) * np.cos(lam),
            normal * np.cos(phi) * np.sin(lam),
            normal * (1.0 - WGS84_E2) * np.sin(phi),
        ]
    )


def _metres(everybody: Floats, place: Point) -> Floats:
    here = _ecef(np.array([place.lat]), np.array([place.lon]))
    metres: Floats = np.sqrt(((everybody - here) ** 2).sum(axis=0))
    return metres


def _by_force(everybody: Floats, place: Point) -> list[int]:
    metres = _metres(everybody, place)
    ranked = np.lexsort((np.arange(metres.size), metres))[:OFFER_RECIPIENTS_MAX]
    return [int(key) for key in ranked if metres[key] <= RADIUS_M]  # at 6 km chord and arc differ by 0.2 mm


async def _by_redis(
    redis: Redis, lats: Floats, lons: Floats, places: list[Point], everybody: Floats
) -> tuple[list[float], int]:
    """Seconds of each question, round trip included, and how many of the first answers are wrong."""
    await redis.delete("growth:near")
    for first in range(0, lats.size, 10_000):
        chunk = range(first, min(first + 10_000, lats.size))
        await redis.geoadd("growth:near", [v for n in chunk for v in (float(lons[n]), float(lats[n]), str(n))])
    spent, wrong = [], 0
    for number, place in enumerate(places):
        began = time.perf_counter()
        found = await redis.geosearch(
            "growth:near", longitude=place.lon, latitude=place.lat, radius=RADIUS_M, unit="m", sort="ASC",
            count=OFFER_RECIPIENTS_MAX,
        )  # fmt: skip
        spent.append(time.perf_counter() - began)
        if number < 20:
            wrong += not _plausible({int(str(key)) for key in found}, _metres(everybody, place))
    return spent, wrong


def _plausible(found: set[int], metres: Floats) -> bool:
    """All that are surely among the nearest, nobody who surely is not: a sphere's metres are not the ellipsoid's."""
    last = min(metres.size, OFFER_RECIPIENTS_MAX) - 1
    reach = min(RADIUS_M, float(np.partition(metres, last)[last])) if metres.size > last + 1 else RADIUS_M
    surely = set(np.flatnonzero(metres < reach * (1 - SPHERE_SHARE) - EDGE_M).tolist())
    perhaps = set(np.flatnonzero(metres <= reach * (1 + SPHERE_SHARE) + EDGE_M).tolist())
    return surely <= found <= perhaps
