"""Writes the towns of tests/data: `python -m tests.unit.geo.make_data NANJING_DISTRICTS.geojson HOUSTON.csv`.

The two inputs are the full data sets that tests/data/README.md names; they are not in this repository.
"""

import csv
import json
import random
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from geo.town import cut

HERE = Path(__file__).parents[2] / "data"
SEED = 1
STATIONS, BEATS_PER_STATION = 5, 4
XUANWU = "320102"
INVALID = ("320104", "320105", "320114")
INCIDENTS = 2_000
# Names as a resident of Xuanwu would expect them, from west to east; the lines between them are invented.
NAMES = (
    ("玄武门派出所", "Xuanwumen Station"),
    ("锁金村派出所", "Suojincun Station"),
    ("钟山派出所", "Zhongshan Station"),
    ("孝陵卫派出所", "Xiaolingwei Station"),
    ("紫金山派出所", "Zijinshan Station"),
)


def district(feature: dict[str, Any]) -> dict[str, Any]:
    """The feature with its coordinates untouched, and its id where our importer looks for it first."""
    return {**feature, "properties": {"id": feature["id"], **feature["properties"]}}


def towns(districts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The four GeoJSON files by name."""
    by_id = {feature["id"]: district(feature) for feature in districts["features"]}
    xuanwu = {"type": "FeatureCollection", "features": [by_id[XUANWU]]}
    stations, beats = cut(xuanwu, STATIONS, BEATS_PER_STATION, SEED, prefix="xw", names=NAMES)
    return {
        "xuanwu_district.geojson": xuanwu,
        "xuanwu_stations.geojson": stations,
        "xuanwu_beats.geojson": beats,
        "nanjing_invalid.geojson": {"type": "FeatureCollection", "features": [by_id[key] for key in INVALID]},
    }


def sample(rows: list[list[str]]) -> list[list[str]]:
    """One incident out of each of 2,000 equal stretches of the file, which is in order of time."""
    dice = random.Random(SEED)
    edges = [len(rows) * at // INCIDENTS for at in range(INCIDENTS + 1)]
    return [rows[dice.randrange(start, end)] for start, end in pairwise(edges)]


def main(districts: Path, incidents: Path) -> None:
    """Write all files."""
    for name, collection in towns(json.loads(districts.read_text("utf-8"))).items():
        text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
        # One feature a line, so that a change can be read.
        (HERE / name).write_text(text.replace('{"type":"Feature",', '\n{"type":"Feature",') + "\n", "utf-8")
    with incidents.open(encoding="utf-8", newline="") as source:
        header, *rows = list(csv.reader(source))
    with (HERE / "houston_sample.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([header, *sample(rows)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
