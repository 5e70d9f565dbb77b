"""d. What open cases cost: the start of a web process that reads them all, its memory, a report, a claim."""

import functools
import random
from typing import Any

from scripts.growth.drive import Drive
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.fill import fill
from scripts.growth.ground import Ground
from scripts.growth.officers import check
from scripts.growth.places import scattered

SEED = 20_261_126
FULL, QUICK = (1_000, 10_000, 100_000), (2_500,)  # quick: more than two pages
OFFICERS, CONNECTED, SIDE_M = 2_000, 60, 3_000.0
RATE, CASES = 5.0, 100
START_S_MAX = 60.0
FIRST = 2_000_000_000  # numbers of filled cases: beside those of `history`


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("open_cases", "a web process by open cases: its start, its memory, a report and a claim beside them")
    for count in QUICK if quick else FULL:
        point = await _point(ground, count, quick, curve)
        curve.points.append(point)
        curve.reach(point["start_s"] <= START_S_MAX, f"{count} open cases: ready only after {point['start_s']} s")
    return curve


async def _point(ground: Ground, count: int, quick: bool, curve: Curve) -> dict[str, Any]:
    dice = random.Random(SEED)
    filled = functools.partial(fill, first=FIRST, count=count, closed=False)
    async with ground.town(officers=OFFICERS, fill=filled) as town:
        drive = Drive(town, quick=quick)
        known = (await town.meters())["open"]
        started_kib = town.resident_kib()
        # Officers whom no open offer names: everybody else is shown thousands of them when they come.
        stand = dict(zip(range(OFFICERS - CONNECTED, OFFICERS), scattered(CONNECTED, SIDE_M, dice), strict=True))
        await drive.crew.open(stand)
        places = scattered(6 if quick else CASES, SIDE_M, dice)
        await drive.run(places[:5], rate=RATE, claims=True)
        await town.meters()
        driven = await drive.run(places, rate=RATE, claims=True)
        paused = (await town.meters())["pause_ms"]
        drive.crew.cut()
    curve.hold(known == count, f"of {count} open cases the process knows {known}")
    check(curve, driven, f"{count} open cases")
    return {
        "open_cases": count,
        "start_s": round(town.start_s, 2),
        "web_mib": round(started_kib / 1024),
        **spread_ms("report", [c.reported_s for c in driven.cases if c.reported_s is not None]),
        **spread_ms("claim", [c.claim_s for c in driven.cases if c.claim_s is not None]),
        **spread_ms("offer", driven.offers),
        **{f"{name}_ms": round(1000 * spent / len(driven.cases), 2) for name, spent in sorted(driven.cpu_s.items())},
        "longest_pause_ms": paused,
    }
