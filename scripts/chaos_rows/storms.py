"""B7: every web process dies at once and everybody comes back at once; cases go on falling due all the while.

A fifth of the people is rude: they knock again every 50 ms, without the pause that others draw. Nothing is lost, the
minute is kept by the sweepers, and everybody is back soon.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg

from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.flow import flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most, percentile

PER_S: Final = 3.0
STORMS: Final = 2  # the second one with rude people
APART_S: Final = 9.0
RUDE_SHARE: Final = 0.2
RUDE_S: Final = 0.05
BACK_S: Final = {"p95": 30.0, "max": 90.0}
LATE_P99_S_MAX: Final = 2.0
CONNECTIONS: Final = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'onbeat_app%' AND state <> 'idle'"


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, dice = f"B7 {block} ", ground.dice(f"B7:{block}")
    people = [*ground.crew.all_officers, *ground.crew.desks.values()]
    before = {phone.login: len(phone.line.outages_s) for phone in people}
    busy = list[int]()
    looking = asyncio.create_task(_busy(ground, busy))
    rude = dice.sample(people, int(len(people) * RUDE_SHARE))
    seconds = STORMS * APART_S + 6
    sending = asyncio.create_task(flow(ground, words, count=int(PER_S * seconds), per_s=PER_S, seed=block))
    await asyncio.sleep(2)
    for number in range(STORMS):
        with _rude(rude) if number else contextlib.nullcontext():
            for part in ground.fleet.webs:
                ground.fleet.children.kill(part.name)
            await asyncio.sleep(APART_S)
            await ground.heal()
    await sending
    broken = await settled(ground, words)
    looking.cancel()
    broken += await lost_or_doubled(ground, words, sending.result())
    ended = await outcomes(ground, words)
    back_s = [round(s, 3) for phone in people for s in phone.line.outages_s[before[phone.login] :]]
    await ground.desk_clears(words)
    tally: dict[str, Any] = {
        "sockets": len(back_s), "storms": STORMS, "cases": len(sending.result().accepted), "back_s": back_s,
        "unanswered": len(sending.result().unanswered), "late_s": ended.late_s, "worst_busy": max(busy, default=0),
        "broken": broken + ended.broken,
    }  # fmt: skip
    return {"B7": tally}


@contextlib.contextmanager
def _rude(people: list[Phone]) -> Iterator[None]:
    """They do not wait before they knock again."""
    for phone in people:
        phone.line.pause_s = RUDE_S
    try:
        yield
    finally:
        for phone in people:
            phone.line.pause_s = None


async def _busy(ground: Ground, busy: list[int]) -> None:
    """Connections of the service that are doing something, four times a second."""
    admin = await asyncpg.connect(ground.fleet.stores.admin_url, timeout=10)  # an owner is not shown others' states
    try:
        while True:
            busy.append(await admin.fetchval(CONNECTIONS))
            await asyncio.sleep(0.25)
    finally:
        admin.terminate()


def judge(tally: Tally) -> Found:
    late = figures(tally["late_s"])
    back = {"p50": percentile(tally["back_s"], 0.5), "p95": percentile(tally["back_s"], 0.95),
            "max": max(tally["back_s"], default=None)}  # fmt: skip
    return judged(
        tally["sockets"],
        {
            "storms": tally["storms"], "cases": tally["cases"], "back_s": back, "late_s": late,
            "connections_busy_max": tally["worst_busy"],
        },
        tally["broken"],
        (
            *((most(back[k], limit), f"back after {back[k]} s ({k}), above {limit} s") for k, limit in BACK_S.items()),
            (most(late["p99"], LATE_P99_S_MAX), f"late p99 was {late['p99']} s, above {LATE_P99_S_MAX} s"),
            (tally["unanswered"] == 0, f"{tally['unanswered']} reports were never answered"),
        ),
    )  # fmt: skip


ROW = Row(
    ("B7",),
    {Profile.SHORT: 1, Profile.GATE: 10},
    run,
    {"B7": judge},
    {"B7": "255 sockets on one machine a storm, not 5,000 at once"},
)
