"""g. The longest pause of a web process's event loop, measured in it: while offers fan out, and when all come back."""

import asyncio
import random
import time
from typing import Any

from dispatch.limits import BEAT_S
from scripts.growth.drive import SETTLE_S, Drive
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.ground import Ground
from scripts.growth.officers import check
from scripts.growth.places import nearest, scattered

SEED = 20_261_125
OFFICERS, QUICK_OFFICERS = 2_000, 60
SIDE_M, QUICK_SIDE_M = 12_000.0, 3_000.0
RATE, CASES, MISSED = 40.0, 800, 256
PAUSE_MS_MAX = 50.0


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("pauses", "longest pause of the event loop, in fan-out and when everybody comes back at once")
    dice = random.Random(SEED)
    officers, side_m = (QUICK_OFFICERS, QUICK_SIDE_M) if quick else (OFFICERS, SIDE_M)
    stand = dict(enumerate(scattered(officers, side_m, dice)))
    async with ground.town(officers=officers) as town:
        drive = Drive(town, quick=quick)
        await drive.crew.open(stand)
        await asyncio.sleep(1.0)
        await town.meters()
        driven = await drive.run(scattered(6 if quick else CASES, side_m, dice), rate=RATE)
        fan_out = (await town.meters())["pause_ms"]
        check(curve, driven, "fan-out", claims=False)
        curve.points.append({"scenario": "fan-out", "officers": officers, "cases": len(driven.cases),
                             "longest_pause_ms": fan_out, **spread_ms("offer", driven.offers)})  # fmt: skip
        await asyncio.sleep(0.0 if quick else BEAT_S + 1.0)  # everybody has been told how far they have heard
        curve.points.append(await _herd(drive, scattered(8 if quick else MISSED, side_m, dice), curve))
        drive.crew.cut()
    for point in curve.points:
        paused = point["longest_pause_ms"]
        curve.reach(paused <= PAUSE_MS_MAX, f"{point['scenario']}: the loop paused for {paused} ms")
    return curve


async def _herd(drive: Drive, places: list[Any], curve: Curve) -> dict[str, Any]:
    """All sockets end, cases come, all come back at once: each hears exactly what it missed."""
    town, stand = drive.town, list(drive.crew.places.items())
    drive.crew.cut()
    ends = time.monotonic() + SETTLE_S
    while (await town.meters())["sockets"] and time.monotonic() < ends:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    cases = await drive.post(places, [frozenset(nearest(place, stand)) for place in places])
    await town.meters()
    began = time.monotonic()
    await drive.crew.again()
    while any(case.expected - case.offered.keys() for case in cases) and time.monotonic() < began + SETTLE_S:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    back_s = max((at for case in cases for at in case.offered.values()), default=began) - began
    paused = (await town.meters())["pause_ms"]
    missing = sum(len(case.expected - case.offered.keys()) for case in cases)
    curve.hold(missing == 0, f"herd: {missing} missed offers were not told to those who came back")
    return {"scenario": "herd", "officers": len(stand), "cases": len(cases), "longest_pause_ms": paused,
            "all_back_with_what_they_missed_s": round(back_s, 2)}  # fmt: skip
