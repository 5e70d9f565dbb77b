"""A page converts GCJ-02 as the service does: the same formula twice, so a test compares them point by point."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from geo.datum import Datum, from_wgs84, to_wgs84
from geo.point import Point

PAGE = Path(__file__).resolve().parents[2] / "gateway" / "web" / "shared" / "datum.js"
POINTS = 500
NEAR_DEG = 1e-9  # a tenth of a millimetre: what two languages may differ in the last digits

ASK = """
import { toWgs84, fromWgs84 } from %s;
const points = JSON.parse(process.argv[1]);
const all = ([lat, lon]) =>
  [toWgs84({ lat, lon }, "gcj02"), fromWgs84({ lat, lon }, "gcj02"), toWgs84({ lat, lon }, "wgs84")];
console.log(JSON.stringify(points.map(all)));
"""


def test_a_page_and_the_service_mean_the_same_place() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the PATH")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    inside = [(drawn.uniform(18, 53), drawn.uniform(74, 134)) for _ in range(POINTS)]
    points = [*inside, (0.0, 0.0), (-33.9, 151.2), (51.5, -0.1), (32.06, 118.79)]
    command = [node, "--input-type=module", "-e", ASK % json.dumps(PAGE.as_uri()), json.dumps(points)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for (lat, lon), (to, back, same) in zip(points, json.loads(ran.stdout), strict=True):
        point = Point(lat, lon)
        for said, meant in (
            (to, to_wgs84(point, Datum.GCJ02)),
            (back, from_wgs84(point, Datum.GCJ02)),
            (same, point),
        ):
            assert abs(said["lat"] - meant.lat) < NEAR_DEG and abs(said["lon"] - meant.lon) < NEAR_DEG, (point, said)
