"""A9: Redis wiped, killed, unreachable, full: no case, claim, session or timer is lost, and the minute is kept."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

import redis.asyncio
import redis.exceptions

from dispatch.adapters.redis.bus import INDEX
from dispatch.cases import views
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.faults.toxics import BlackHole
from scripts.stores import Store

PER_S: Final = 4.0
SHARE: Final = 0.03
FLUSHES: Final = {Profile.SHORT: 3, Profile.GATE: 12}
KILLS: Final = {Profile.SHORT: 2, Profile.GATE: 6}
FLUSH_S: Final = {Profile.SHORT: 6.0, Profile.GATE: 4.0}
KILL_S: Final = {Profile.SHORT: 7.0, Profile.GATE: 4.0}
"""How long reports flow for each: a wipe, the index whole again, and a breath."""
HOLE_S: Final = {Profile.SHORT: 12.0, Profile.GATE: 60.0}
LATE_S: Final = {"p50": 0.3, "p99": 1.0, "max": 2.0}
SHOWN_S_MAX: Final = 3.0
INDEX_S_MAX: Final = 10.0
FULL_S: Final = 5.0


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, index_s = f"A9 {block} ", list[float]()
    first: dict[UUID, float] = {}

    def shown(phone: Phone, message: views.Sent, now: float) -> None:
        if isinstance(message, views.Offer) or (isinstance(message, views.DeskCase) and message.status == "at_station"):
            first.setdefault(message.case, now)

    faults_s = FLUSHES[profile] * FLUSH_S[profile] + KILLS[profile] * KILL_S[profile] + HOLE_S[profile]
    count = int(PER_S * (faults_s + FULL_S + 6))
    takers = Takers(ground, words, SHARE)
    away_before = sum(p.sent_away for p in ground.crew.all_officers)
    with ground.crew.watched(shown):
        async with takers.at_work():
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(flow(ground, words, count=count, per_s=PER_S, seed=block))
                group.create_task(_hurt(ground, profile, index_s))
            await ground.heal()
            broken = await settled(ground, words)
    reports = sending.result()
    broken += await lost_or_doubled(ground, words, reports)
    ended = await outcomes(ground, words, takers)
    if ended.broken:
        takers.record.write(ground.histories / f"A9-{block}.jsonl")
    shown_s = [round(first[one.case] - one.acked, 3) for one in reports.accepted if one.case in first]
    await ground.desk_clears(words)
    tally = {
        "cases": len(reports.accepted),
        "claimed": ended.claimed,
        "flushes": FLUSHES[profile],
        "kills": KILLS[profile],
        "holes": 1,
        "full": 1,
        "unanswered": len(reports.unanswered),
        "never_shown": len(reports.accepted) - len(shown_s),
        "signed_out": sum(p.sent_away for p in ground.crew.all_officers) - away_before,
        "late_s": ended.late_s,
        "shown_s": shown_s,
        "index_s": index_s,
        "broken": broken + ended.broken,
    }
    return {"A9": tally}


async def _hurt(ground: Ground, profile: Profile, index_s: list[float]) -> None:
    """One fault after another, each healed before the next."""
    stores = ground.fleet.stores
    for _ in range(FLUSHES[profile]):
        await asyncio.sleep(1)
        async with _client(ground) as client:
            await client.flushall()
        index_s.append(await _until_index(ground))
        await asyncio.sleep(1)
    for _ in range(KILLS[profile]):
        stores.kill(Store.REDIS)
        await stores.wait_ready(Store.REDIS)
        index_s.append(await _until_index(ground))
        await asyncio.sleep(2)
    holes = [(p.redis, p.redis.add(BlackHole())) for p in ground.fleet.parts.values() if p.redis is not None]
    await asyncio.sleep(HOLE_S[profile])
    for proxy, number in holes:
        proxy.remove(number)
    await asyncio.sleep(2)
    async with _client(ground) as client:
        await client.config_set("maxmemory", "1mb")
        await asyncio.sleep(FULL_S)
        await client.config_set("maxmemory", "0")
    index_s.append(await _until_index(ground))


@contextlib.asynccontextmanager
async def _client(ground: Ground) -> "AsyncIterator[redis.asyncio.Redis]":
    client = redis.asyncio.Redis.from_url(ground.fleet.stores.redis_url, socket_timeout=2)
    try:
        yield client
    finally:
        await client.aclose()


async def _until_index(ground: Ground) -> float:
    """Seconds until every officer on duty stands in the index again; bounded by twice the promise."""
    began, wanted = time.monotonic(), len(ground.crew.all_officers)
    async with _client(ground) as client:
        while time.monotonic() - began < 2 * INDEX_S_MAX:
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                if await client.hlen(INDEX) >= wanted:
                    break
            await asyncio.sleep(0.1)
    return round(time.monotonic() - began, 2)


def judge(tally: Tally) -> Found:
    late, shown, index = figures(tally["late_s"]), figures(tally["shown_s"]), figures(tally["index_s"])
    counted = {name: tally[name] for name in ("flushes", "kills", "holes", "full", "claimed", "signed_out")}
    return judged(
        tally["cases"],
        {**counted, "late_s": late, "shown_s": shown, "index_s": index},
        tally["broken"],
        (
            *((most(late[k], limit), f"late {k} was {late[k]} s, above {limit} s") for k, limit in LATE_S.items()),
            (most(shown["max"], SHOWN_S_MAX), f"an offer reached nobody for {shown['max']} s"),
            (tally["never_shown"] == 0, f"{tally['never_shown']} cases reached neither officer nor desk"),
            (most(index["max"], INDEX_S_MAX), f"the index was whole after {index['max']} s only"),
            (tally["signed_out"] == 0, f"{tally['signed_out']} people were signed out"),
            (tally["unanswered"] == 0, f"{tally['unanswered']} reports were never answered"),
        ),
    )


ROW = Row(("A9",), {Profile.SHORT: 1, Profile.GATE: 5}, run, {"A9": judge})
