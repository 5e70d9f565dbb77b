"""B8: a deploy is invisible. Web processes are stopped and started one by one while cases are offered and taken.

Each is asked to end as an operator asks (SIGTERM): it sends its sockets away with 1012 and a moment to come back in.
Nobody is out of touch for long, no offer is lost, and at no time is there no process that answers.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dispatch.cases import views
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.deliveries import ASKED
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.resume import ENDED
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.simulator.http import Http, Unanswered

PER_S: Final = 8.0
SHARE: Final = 0.02
APART_S: Final = 3.0  # a process takes about that long to be ready again on a busy machine, and no other goes before
DRAIN_S: Final = 3.0
OUTAGE_S_MAX: Final = 3.0
NOBODY_S_MAX: Final = 2.0
LOOK_S: Final = 0.1


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, shown = f"B8 {block} ", defaultdict[UUID, dict[UUID, float]](dict)

    def heard(phone: Phone, message: views.Sent, now: float) -> None:
        offers = message.offers if isinstance(message, views.Snapshot) else (message,)
        for offer in offers:
            if isinstance(offer, views.Offer) and phone.officer is not None:
                shown[phone.officer].setdefault(offer.case, now)

    people = [*ground.crew.all_officers, *ground.crew.desks.values()]
    before = {phone.login: len(phone.line.outages_s) for phone in people}
    alone_s, rounds = list[float](), 0
    looking = asyncio.create_task(_look(ground, alone_s))
    takers = Takers(ground, words, SHARE)
    with ground.crew.watched(heard):
        async with takers.at_work():
            sending = asyncio.create_task(flow(ground, words, count=int(PER_S * 30), per_s=PER_S, seed=block))
            for part in ground.fleet.webs:
                await ground.fleet.children.restart(part.name)
                await ground.fleet.ready()
                await asyncio.sleep(APART_S)
                rounds += 1
            await sending
            await ground.heal()
            broken = await settled(ground, words)
        await asyncio.sleep(DRAIN_S)
    looking.cancel()
    broken += await lost_or_doubled(ground, words, sending.result())
    broken += (await outcomes(ground, words, takers)).broken
    outages = [s for phone in people for s in phone.line.outages_s[before[phone.login] :]]
    asked = [tuple(row) for row in await ground.rows(ASKED, words)]
    ended = {row["case_id"]: row["at_s"] for row in await ground.rows(ENDED, words)}
    broken += never_shown(asked, ended, shown)
    await ground.desk_clears(words)
    tally: dict[str, Any] = {"deploys": rounds, "offers": len(asked), "outages_s": [round(s, 3) for s in outages]}
    tally |= {"worst_alone_s": round(max(alone_s, default=0.0), 2), "broken": broken}
    return {"B8": tally}


def never_shown(
    asked: list[tuple[Any, ...]], ended: Mapping[UUID, float], shown: Mapping[UUID, Mapping[UUID, float]]
) -> list[str]:
    """Offers that were open for longer than anybody may be out of touch, and that their officer never saw."""
    return [
        f"officer {officer} was never shown {case}"
        for case, officer, _, at_s in asked
        if case not in shown.get(officer, {}) and ended.get(case, at_s) - at_s > OUTAGE_S_MAX
    ]


async def _look(ground: Ground, alone_s: list[float]) -> None:
    """How long no process at all answered, each time."""
    doors = [Http(part.direct) for part in ground.fleet.webs]
    answered = time.monotonic()
    while True:
        if any(await asyncio.gather(*(_answers(door) for door in doors))):
            answered = time.monotonic()
        alone_s.append(time.monotonic() - answered)
        await asyncio.sleep(LOOK_S)


async def _answers(door: Http) -> bool:
    try:
        async with asyncio.timeout(1.0):
            return (await door.ask("GET", "/healthz")).status == 200
    except (Unanswered, TimeoutError):
        return False


def judge(tally: Tally) -> Found:
    outages = figures(tally["outages_s"])
    return judged(
        tally["deploys"],
        {"offers": tally["offers"], "outages": len(tally["outages_s"]), "outage_s": outages,
         "nobody_s": tally["worst_alone_s"]},
        tally["broken"],
        (
            (most(outages["max"], OUTAGE_S_MAX), f"somebody was out of touch for {outages['max']} s"),
            (tally["worst_alone_s"] <= NOBODY_S_MAX, f"no process answered for {tally['worst_alone_s']} s"),
        ),
    )  # fmt: skip


ROW = Row(("B8",), {Profile.SHORT: 1, Profile.GATE: 10}, run, {"B8": judge})
