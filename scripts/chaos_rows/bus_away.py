"""B12: the connections between the processes and their stores come back by themselves, and what fell between is told.

There is no LISTEN here: publications over Redis are the door-bell, heads polled from the database the safety net
(README of dispatch/streams). So both are hurt: the bus of every process swallowed, reset, killed by the server, the
server itself killed; and every connection to the database ended by an administrator. Phones stay in touch meanwhile.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import redis.asyncio

from dispatch.cases import views
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.deliveries import ASKED, Log, compare
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.resume import ENDED
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.chaos_rows.timers import TERMINATE
from scripts.faults.toxics import BlackHole
from scripts.stores import Store

PER_S: Final = 8.0
SHARE: Final = 0.01
LASTS_S: Final = 3.0
REST_S: Final = 2.0  # between a heal and the next fault
DRAIN_S: Final = 3.0
POLLED_S_MAX: Final = 1.0
"""p99 of a delivery, faults included: with the bus dead, the heads are polled twice a second."""
FLOWS_S_MAX: Final = 10.0
HEARD_S: Final = 2.0  # a process without its bus hears of an offer within that

Hurt = Callable[[Ground], Awaitable[None]]


async def _swallowed(ground: Ground) -> None:
    holes = [(p.redis, p.redis.add(BlackHole())) for p in ground.fleet.parts.values() if p.redis is not None]
    await asyncio.sleep(LASTS_S)
    for proxy, number in holes:
        proxy.remove(number)


async def _reset(ground: Ground) -> None:
    for part in ground.fleet.parts.values():
        if part.redis is not None:
            part.redis.cut()


async def _killed_by_the_server(ground: Ground) -> None:
    client = redis.asyncio.Redis.from_url(ground.fleet.stores.redis_url, socket_timeout=2)
    try:
        for kind in ("pubsub", "normal"):
            await client.client_kill_filter(_type=kind, skipme=True)
    finally:
        await client.aclose()


async def _server_killed(ground: Ground) -> None:
    ground.fleet.stores.kill(Store.REDIS)
    await ground.fleet.stores.wait_ready(Store.REDIS)


async def _terminated(ground: Ground) -> None:
    admin = await asyncpg.connect(ground.fleet.stores.admin_url, timeout=10)
    try:
        await admin.execute(TERMINATE)
    finally:
        await admin.close(timeout=10)


KINDS: Final[tuple[tuple[str, Hurt], ...]] = (
    ("swallowed", _swallowed),
    ("reset", _reset),
    ("killed by the server", _killed_by_the_server),
    ("server killed", _server_killed),
    ("terminated", _terminated),
)
TIMES: Final = 2  # each in a block
LASTS_ALL_S: Final = TIMES * (LASTS_S + len(KINDS) * REST_S)


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, logs = f"B12 {block} ", defaultdict[UUID, Log](list)
    kinds, healed = list[str](), list[float]()

    def heard(phone: Phone, message: views.Sent, now: float) -> None:
        if phone.officer is not None and isinstance(message, views.Offer | views.Gone | views.HeldCase):
            logs[phone.officer].append((message, now))

    async def hurt() -> None:
        for number in range(TIMES * len(KINDS)):
            kind, deed = KINDS[number % len(KINDS)]
            await deed(ground)
            kinds.append(kind)
            healed.append(time.monotonic() + ground.clock_s)
            await asyncio.sleep(REST_S)

    takers = Takers(ground, words, SHARE)
    with ground.crew.watched(heard):
        async with takers.at_work():
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(
                    flow(ground, words, count=int(LASTS_ALL_S * PER_S), per_s=PER_S, seed=block)
                )
                group.create_task(hurt())
            await ground.heal()
            broken = await settled(ground, words)
        await asyncio.sleep(DRAIN_S)
    broken += await lost_or_doubled(ground, words, sending.result())
    broken += (await outcomes(ground, words, takers)).broken
    ended = {row["case_id"]: row["at_s"] for row in await ground.rows(ENDED, words)}
    asked = lasting([tuple(row) for row in await ground.rows(ASKED, words)], ended)
    found = compare(asked, logs, ground.clock_s)
    await ground.desk_clears(words)
    tally: dict[str, Any] = {"faults": len(kinds), "kinds": sorted(set(kinds)), **found}
    heard_at = sorted(
        now + ground.clock_s for log in logs.values() for view, now in log if isinstance(view, views.Offer)
    )
    tally["flows_s"] = flows(healed, sorted({at_s for *_, at_s in asked}), sorted(heard_at))
    tally["broken"] = broken + tally["broken"]
    return {"B12": tally}


def lasting(asked: list[tuple[Any, ...]], ended: Mapping[UUID, float]) -> list[tuple[Any, ...]]:
    """Without cases that were over before a process without its bus need have heard of them: those are not told."""
    first: dict[UUID, float] = {}
    for case, _, _, at_s in asked:
        first[case] = min(at_s, first.get(case, at_s))
    return [one for one in asked if ended.get(one[0], float("inf")) - first[one[0]] > HEARD_S]


def flows(healed: list[float], committed: list[float], heard: list[float]) -> list[float]:
    """Seconds from each heal, or from the first offer after it, until an offer came to anybody; the database's time."""
    found = []
    for when in healed:
        due = next((at for at in committed if at >= when), None)
        if due is not None:  # else nothing was offered any more
            came = next((at for at in heard if at >= due), due + 2 * FLOWS_S_MAX)
            found.append(round(came - due, 3))
    return found


def judge(tally: Tally) -> Found:
    late, flowing = figures(tally["late_s"]), figures(tally["flows_s"])
    return judged(
        tally["faults"],
        {
            "kinds": len(set(tally["kinds"])),
            "deliveries": tally["deliveries"],
            "from_commit_s": late,
            "flows_s": flowing,
        },
        tally["broken"],
        (
            (most(late["p99"], POLLED_S_MAX), f"p99 of a delivery was {late['p99']} s, above {POLLED_S_MAX} s"),
            (most(late["max"], FLOWS_S_MAX), f"a delivery took {late['max']} s, above {FLOWS_S_MAX} s"),
            (most(flowing["max"], FLOWS_S_MAX), f"nothing came for {flowing['max']} s after a heal"),
        ),
    )


ROW = Row(
    ("B12",),
    {Profile.SHORT: 1, Profile.GATE: 10},
    run,
    {"B12": judge},
    {"B12": "there is no LISTEN connection; polling of heads stands in its place"},
)
