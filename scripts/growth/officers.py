"""a. What one case costs, end to end, as the officers of a district grow in number.

Every officer is on duty with a position, fed over the bus; only the fifty nearest to each of a few spots hold sockets,
so that each case reaches exactly the fifty whom brute force names. A case: reported, offered, taken by the first,
the others told, arrived, cleared.
"""

import random
import time
from typing import Any

from scripts.growth.drive import Drive, Driven
from scripts.growth.figures import Curve, flat, spread_ms
from scripts.growth.ground import Ground
from scripts.growth.places import nearest, scattered

SEED = 20_261_122
SIDE_M, QUICK_SIDE_M = 12_000.0, 4_000.0
SPOTS = 16
RATE = 5.0  # cases a second: far from the limit, so that the cost is that of the work and not of queueing
CASES, QUICK_CASES = 150, 6
FULL = (1_000, 3_000, 10_000, 30_000, 100_000)
QUICK = (200,)
GROWTH_MAX = 1.5  # of the cost, from the smallest district to the largest


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("officers", "CPU of one case, reported to cleared, by officers in the district")
    cases, side_m = (QUICK_CASES, QUICK_SIDE_M) if quick else (CASES, SIDE_M)
    for officers in QUICK if quick else FULL:
        curve.points.append(await _point(ground, officers, curve, cases=cases, side_m=side_m))
    costs = [point["cpu_ms_a_case"] for point in curve.points]
    curve.reach(flat(costs, GROWTH_MAX), f"the cost of a case grows more than {GROWTH_MAX} times: {costs} ms")
    return curve


async def _point(ground: Ground, officers: int, curve: Curve, *, cases: int, side_m: float) -> dict[str, Any]:
    dice = random.Random(SEED + officers)
    stand = dict(enumerate(scattered(officers, side_m, dice)))
    spots = scattered(SPOTS, side_m * 0.6, dice)
    connected = {number: stand[number] for spot in spots for number in nearest(spot, stand.items())}
    async with ground.town(officers=officers) as town:
        drive = Drive(town, quick=cases == QUICK_CASES)
        before, began = town.cpu(), time.monotonic()
        await town.feed(stand)
        fed = town.cpu()
        fed_s = time.monotonic() - began
        await drive.crew.open(connected, fixes=False)
        await drive.run(spots[:4], rate=RATE, claims=True)  # plans are made, code is warm
        await town.meters()
        driven = await drive.run([spots[n % SPOTS] for n in range(cases)], rate=RATE, claims=True)
        paused = (await town.meters())["pause_ms"]
        drive.crew.cut()
        resident = town.resident_kib()
    check(curve, driven, f"{officers} officers")
    per_case = {f"{name}_ms": round(1000 * spent / cases, 2) for name, spent in sorted(driven.cpu_s.items())}
    return {
        "officers": officers,
        "sockets": len(connected),
        "cases": cases,
        "cpu_ms_a_case": round(sum(per_case.values()), 2),
        **per_case,
        "fix_us": round(1e6 * sum(fed[name] - before[name] for name in fed) / officers, 1),
        "feed_s": round(fed_s, 2),
        "web_mib": round(resident / 1024),
        "longest_pause_ms": paused,
        **spread_ms("report", [c.reported_s for c in driven.cases if c.reported_s is not None]),
        **spread_ms("offer", driven.offers),
        **spread_ms("claim", [c.claim_s for c in driven.cases if c.claim_s is not None]),
    }


def check(curve: Curve, driven: Driven, where: str, *, claims: bool = True) -> None:
    """Every case reported, every offer with exactly those whom brute force names, every case cleared."""
    unanswered = sum(case.reported_s is None for case in driven.cases)
    curve.hold(unanswered == 0, f"{where}: {unanswered} reports were not answered with 201")
    curve.hold(driven.missing == 0, f"{where}: {driven.missing} offers were not delivered")
    curve.hold(driven.strangers == 0, f"{where}: {driven.strangers} offers went to officers who are not the nearest")
    curve.hold(all(case.expected for case in driven.cases), f"{where}: a case had nobody near, so it proves nothing")
    if claims:
        open_ = sum(not case.cleared for case in driven.cases)
        curve.hold(open_ == 0, f"{where}: {open_} cases were not cleared")
