"""How quick the index of positions is: `python -m geo.grid_bench [positions ...]` prints a table of figures.

Positions lie uniformly in a square of 12 km (a dense city) and of 200 km (a province); every question asks
for the nearest 50 within 20 km, and between any two questions 20 officers move on.
"""

from __future__ import annotations

import math
import random
import sys
import time

import numpy as np

from geo.grid import Grid
from geo.point import Point

QUESTIONS = 1_000
PUTS = 200_000
MOVES_BETWEEN = 20
CENTRE = Point(32.06, 118.80)
METRES_PER_DEGREE = 111_195.0


def measure(positions: int, side_km: float, seed: int) -> str:
    """One line of the table: microseconds for a question, for a put, and for a position stored in bulk."""
    rng = np.random.default_rng(seed)
    half_lat = side_km * 500.0 / METRES_PER_DEGREE
    half_lon = half_lat / math.cos(math.radians(CENTRE.lat))
    lats = CENTRE.lat + rng.uniform(-half_lat, half_lat, positions)
    lons = CENTRE.lon + rng.uniform(-half_lon, half_lon, positions)
    grid: Grid[int] = Grid()
    began = time.perf_counter()
    grid.put_many(range(positions), lats, lons, 0.0, 10.0)
    bulk_us = (time.perf_counter() - began) * 1e6 / positions

    dice = random.Random(seed)
    movers = [
        (key, float(lats[key]) + dice.gauss(0, 1e-4), float(lons[key]) + dice.gauss(0, 1e-4))
        for key in (dice.randrange(positions) for _ in range(PUTS))
    ]
    began = time.perf_counter()
    for key, lat, lon in movers:
        grid.put(key, lat, lon, 1.0, 10.0)
    len(grid)  # what is still pending is stored as well
    put_us = (time.perf_counter() - began) * 1e6 / PUTS

    spent: list[float] = []
    worked: list[float] = []
    for at in range(QUESTIONS):
        for key, lat, lon in movers[at * MOVES_BETWEEN % PUTS :][:MOVES_BETWEEN]:
            grid.put(key, lat, lon, 2.0, 10.0)
        place = Point(CENTRE.lat + dice.uniform(-half_lat, half_lat), CENTRE.lon + dice.uniform(-half_lon, half_lon))
        began, began_work = time.perf_counter(), time.thread_time()
        found = grid.nearest(place, 20_000.0, 50, now=10.0, age_s_max=30.0, accuracy_m_max=100.0)
        spent.append((time.perf_counter() - began) * 1e6)
        worked.append((time.thread_time() - began_work) * 1e6)
        assert len(found) <= 50
    p50, p99 = (float(value) for value in np.percentile(spent, [50, 99]))
    work = float(np.percentile(worked, 99))  # what the question cost even when others had the core
    return f"| {positions:,} | {side_km:.0f} | {p50:.0f} | {p99:.0f} | {work:.0f} | {put_us:.2f} | {bulk_us:.2f} |"


if __name__ == "__main__":
    print("| positions | side km | nearest 50 p50 us | p99 us | p99 CPU us | put us | bulk us |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for wanted in [int(word) for word in sys.argv[1:]] or [500, 2_000, 4_000, 10_000, 100_000, 1_000_000]:
        for side in (12.0, 200.0):
            print(measure(wanted, side, seed=20_240_601), flush=True)
