"""B5: single messages of the bus vanish, and nothing else tells of it: every connection stands, every process lives.

Between each process and Redis a share of the publications is taken out of the stream of its subscription. Whoever was
asked must be told all the same: the next fact of the stream shows the hole, or the heads that are compared with the
database twice a second do, and what is missing is read from there.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dispatch.adapters.redis.bus import FACTS
from dispatch.cases import views
from scripts.chaos_rows.bus_away import lasting
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.deliveries import ASKED, Log, compare
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.resume import ENDED
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.faults.toxics import Direction, DropPushes

DROPPED_SHARE: Final = 0.05  # the table asks for one in a hundred; five find more holes in less time
PER_S: Final = 14.0
LASTS_S: Final = {Profile.SHORT: 14.0, Profile.GATE: 60.0}
CLAIMS_SHARE: Final = 0.01
DRAIN_S: Final = 2.0
UNAWARE_S_MAX: Final = 6.0
DROPS_MIN: Final = 20  # of the web processes; fewer show nothing


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, logs = f"B5 {block} ", defaultdict[UUID, Log](list)

    def heard(phone: Phone, message: views.Sent, now: float) -> None:
        if phone.officer is not None and isinstance(message, views.Offer | views.Gone | views.HeldCase):
            logs[phone.officer].append((message, now))

    proxies = {part.name: part.redis for part in ground.fleet.parts.values() if part.redis is not None}
    before = {name: proxy.drops for name, proxy in proxies.items()}
    takers, count = Takers(ground, words, CLAIMS_SHARE), int(LASTS_S[profile] * PER_S)
    with ground.crew.watched(heard):
        for proxy in proxies.values():
            proxy.add(DropPushes(DROPPED_SHARE, FACTS), Direction.DOWNSTREAM)
        async with takers.at_work():
            reports = await flow(ground, words, count=count, per_s=PER_S, seed=block)
            broken = await settled(ground, words)
        await asyncio.sleep(DRAIN_S)
    drops = {name: proxy.drops - before[name] for name, proxy in proxies.items()}
    await ground.heal()
    broken += await lost_or_doubled(ground, words, reports)
    broken += (await outcomes(ground, words, takers)).broken
    ended = {row["case_id"]: row["at_s"] for row in await ground.rows(ENDED, words)}
    found = compare(lasting([tuple(row) for row in await ground.rows(ASKED, words)], ended), logs, ground.clock_s)
    await ground.desk_clears(words)
    tally: dict[str, Any] = {
        "dropped": sum(count for name, count in drops.items() if name.startswith("web")),
        "dropped_elsewhere": sum(count for name, count in drops.items() if not name.startswith("web")),
        "offers": count,
        **found,
    }
    tally["broken"] = broken + tally["broken"]
    return {"B5": tally}


def judge(tally: Tally) -> Found:
    late = figures(tally["late_s"])
    return judged(
        tally["dropped"],
        {
            "dropped_elsewhere": tally["dropped_elsewhere"],
            "offers": tally["offers"],
            "deliveries": tally["deliveries"],
            "from_commit_s": late,
        },
        tally["broken"],
        (
            (most(late["max"], UNAWARE_S_MAX), f"somebody was unaware of an offer for {late['max']} s"),
            (tally["dropped"] >= DROPS_MIN, f"only {tally['dropped']} messages were dropped"),
        ),
    )


ROW = Row(("B5",), {Profile.SHORT: 1, Profile.GATE: 10}, run, {"B5": judge}, {"B5": "255 people, not 500"})
