"""c. Sockets of one web process: memory an officer, and an offer's way at a fixed rate."""

import random
from typing import Any

from scripts.growth.drive import Drive
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.ground import Ground
from scripts.growth.officers import check
from scripts.growth.places import scattered

SEED = 20_261_123
FULL, QUICK = (1_000, 3_000, 10_000), (60,)
SIDE_M, QUICK_SIDE_M = 12_000.0, 3_000.0
RATE, CASES = 10.0, 200
KIB_MAX = 24.0


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("sockets", "one web process: resident memory an officer, offers at 10 cases a second")
    for sockets in QUICK if quick else FULL:
        point = await _point(ground, sockets, quick, curve)
        curve.points.append(point)
        curve.reach(point["kib_an_officer"] <= KIB_MAX, f"{sockets} sockets: over {KIB_MAX:g} KiB an officer")
    return curve


async def _point(ground: Ground, sockets: int, quick: bool, curve: Curve) -> dict[str, Any]:
    dice = random.Random(SEED + sockets)
    side_m = QUICK_SIDE_M if quick else SIDE_M
    async with ground.town(officers=sockets) as town:
        drive = Drive(town, quick=quick)
        empty_kib = town.resident_kib()
        await drive.crew.open(dict(enumerate(scattered(sockets, side_m, dice))))
        full_kib = town.resident_kib()
        cases = 5 if quick else CASES
        driven = await drive.run(scattered(cases, side_m, dice), rate=RATE)
        meters = await town.meters()
        drive.crew.cut()
    curve.hold(meters["sockets"] == sockets, f"of {sockets} sockets the process counts {meters['sockets']}")
    check(curve, driven, f"{sockets} sockets", claims=False)
    return {
        "sockets": sockets,
        "kib_an_officer": round((full_kib - empty_kib) / sockets, 1),
        "web_mib": round(full_kib / 1024),
        "offers": len(driven.offers),
        **spread_ms("offer", driven.offers),
        "longest_pause_ms": meters["pause_ms"],
    }
