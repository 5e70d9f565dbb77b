"""A8 and A10: what was accepted stays, whichever process or database dies; and the service comes back by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scripts.chaos_rows.flow import Reports, every, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.stores import Store

PER_S: Final = 20.0
KILL_EVERY_S: Final = 3.0
REPORTS_A_BLOCK: Final = 600
KILLS_A_BLOCK: Final = 10
ACCEPT_P99_S_MAX: Final = 2.0

CRASH_EVERY_S: Final = 7.0
CRASHES_A_BLOCK: Final = 4  # two of each kind
CRASH_REPORTS: Final = 500
BACK_S_MAX: Final = 5.0
TIMER_S_MAX: Final = 5.0  # from the deadline, or from the database's return where that came later
DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")


async def run_processes(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """A8. Every few seconds one process of a role taken in turn dies; clients repeat with the same key."""
    words, dice = f"A8 {block} ", ground.dice(f"A8:{block}")
    killed: list[str] = []

    async def kill() -> None:
        role = ("web", "sweeper", "relay", "web")[len(killed) % 4]
        part = dice.choice(ground.fleet.of_role(role))
        if ground.fleet.children.kill(part.name):
            killed.append(part.name)

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(flow(ground, words, count=REPORTS_A_BLOCK, per_s=PER_S, seed=block))
        group.create_task(every(KILL_EVERY_S * 0.97, KILLS_A_BLOCK, kill))
    await ground.heal()
    return {"A8": await _counted(ground, words, sending.result(), {"kills": len(killed)})}


async def run_databases(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """A10. The database crashes: all its processes killed at once, or an immediate shutdown, in turn."""
    words, back_s, ups = f"A10 {block} ", list[float](), list[float]()
    durable = {name: await ground.owner.fetchval(f"SHOW {name}") for name in DURABLE}

    async def crash() -> None:
        stores = ground.fleet.stores
        pid = stores.pid(Store.POSTGRES)
        assert pid is not None
        if len(back_s) % 2:
            os.kill(pid, signal.SIGQUIT)  # what pg_ctl stop -m immediate sends
        else:
            stores.kill(Store.POSTGRES)
        while stores.pid(Store.POSTGRES) == pid:  # noqa: ASYNC110 - a process ends
            await asyncio.sleep(0.005)
        await stores.wait_ready(Store.POSTGRES)
        accepts = time.monotonic()
        ups.append(accepts + ground.clock_s)
        await ground.report("quick", f"{words}after crash {len(back_s)}", ground.place(0, ground.dice(block)))
        back_s.append(round(time.monotonic() - accepts, 3))

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(flow(ground, words, count=CRASH_REPORTS, per_s=PER_S / 1.2, seed=block))
        group.create_task(every(CRASH_EVERY_S * 0.9, CRASHES_A_BLOCK, crash))
    await ground.heal()
    broken = await settled(ground, words)
    more: dict[str, Any] = {"back_s": back_s, "crashes": len(back_s), "overdue_s": await _overdue(ground, words, ups)}
    tally = await _counted(ground, words, sending.result(), more)
    tally["broken"] += broken
    tally["broken"] += [f"{name} is {value}" for name, value in durable.items() if value != "on"]
    return {"A10": tally}


DUE: Final = """
SELECT extract(epoch FROM offer_deadline)::float8 AS due, extract(epoch FROM escalated_at)::float8 AS fired
FROM cases WHERE words LIKE $1 || '%' AND desk_reason = 'window_closed'"""


async def _overdue(ground: Ground, words: str, ups: Sequence[float]) -> list[float]:
    """Seconds of each timer after its deadline, or after the database's last return before it fired."""
    rows = await ground.rows(DUE, words)
    return [round(row["fired"] - max([row["due"], *(up for up in ups if up <= row["fired"])]), 4) for row in rows]


async def _counted(ground: Ground, words: str, reports: Reports, more: Mapping[str, Any]) -> Tally:
    broken = await settled(ground, words)
    broken += await lost_or_doubled(ground, words, reports)
    ended = await outcomes(ground, words)
    await ground.desk_clears(words)
    return {
        "reports": reports.sent,
        "accepted": len(reports.accepted),
        "unanswered": len(reports.unanswered),
        "repeated": sum(one.attempts > 1 for one in reports.accepted),
        "accept_s": reports.took_s,
        "late_s": ended.late_s,
        "broken": broken + ended.broken,
        **more,
    }


def judge_processes(tally: Tally) -> Found:
    accept = figures(tally["accept_s"])
    return judged(
        tally["accepted"],
        {
            "kills": tally["kills"],
            "repeated": tally["repeated"],
            "accept_s": accept,
            "late_s": figures(tally["late_s"]),
        },
        tally["broken"],
        (
            (most(accept["p99"], ACCEPT_P99_S_MAX), f"accept p99 was {accept['p99']} s, above {ACCEPT_P99_S_MAX} s"),
            (tally["unanswered"] == 0, f"{tally['unanswered']} reports were never answered"),
        ),
    )


def judge_databases(tally: Tally) -> Found:
    back, late, overdue = (figures(tally[name]) for name in ("back_s", "late_s", "overdue_s"))
    return judged(
        tally["accepted"],
        {
            "crashes": tally["crashes"],
            "repeated": tally["repeated"],
            "back_s": back,
            "late_s": late,
            "overdue_s": overdue,
        },
        tally["broken"],
        (
            (most(overdue["max"], TIMER_S_MAX), f"a timer fired {overdue['max']} s after it could"),
            (most(back["max"], BACK_S_MAX), f"the service was back after {back['max']} s, above {BACK_S_MAX} s"),
            (tally["unanswered"] == 0, f"{tally['unanswered']} reports were never answered"),
        ),
    )


PROCESSES = Row(
    ("A8",),
    {Profile.SHORT: 1, Profile.GATE: 20},
    run_processes,
    {"A8": judge_processes},
    {"A8": "media are not built yet and left out"},
)
DATABASES = Row(
    ("A10",),
    {Profile.SHORT: 1, Profile.GATE: 20},
    run_databases,
    {"A10": judge_databases},
    {"A10": "a full disk is left out: no small volume of its own can be mounted here without privileges"},
)
