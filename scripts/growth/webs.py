"""f. The same offers through one web process and through two: what does each delivered offer cost?"""

import random
from typing import Any

from scripts.growth.drive import Drive
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.ground import Ground
from scripts.growth.officers import check
from scripts.growth.places import scattered

SEED = 20_261_124
OFFICERS, QUICK_OFFICERS = 2_000, 60
SIDE_M, QUICK_SIDE_M = 12_000.0, 3_000.0
RATE, CASES = 20.0, 400
SHARE_MAX = 1.2


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("webs", "CPU of one delivered offer, all roles and stores, with one web process and with two")
    for webs in (1, 2):
        curve.points.append(await _point(ground, webs, quick, curve))
    one, two = (point["cpu_us_an_offer"] for point in curve.points)
    if not quick:
        curve.points[1]["of_one_web"] = round(two / one, 2)
        curve.reach(two <= SHARE_MAX * one, f"an offer with two web processes costs {two / one:.2f} times one's")
    return curve


async def _point(ground: Ground, webs: int, quick: bool, curve: Curve) -> dict[str, Any]:
    dice = random.Random(SEED)
    officers, side_m = (QUICK_OFFICERS, QUICK_SIDE_M) if quick else (OFFICERS, SIDE_M)
    stand = dict(enumerate(scattered(officers, side_m, dice)))
    cases = scattered(6 if quick else CASES, side_m, dice)
    async with ground.town(officers=officers, webs=webs) as town:
        drive = Drive(town, quick=quick)
        await town.feed(stand)  # every process knows all from the first case on
        await drive.crew.open(stand)
        await drive.run(cases[:5], rate=RATE)
        driven = await drive.run(cases, rate=RATE)
        drive.crew.cut()
    check(curve, driven, f"{webs} web processes", claims=False)
    offers = len(driven.offers)
    return {
        "webs": webs,
        "offers": offers,
        "cpu_us_an_offer": round(1e6 * sum(driven.cpu_s.values()) / max(1, offers), 1),
        **{f"{name}_us": round(1e6 * spent / max(1, offers), 1) for name, spent in sorted(driven.cpu_s.items())},
        **spread_ms("offer", driven.offers),
    }
