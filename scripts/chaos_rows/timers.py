"""A6: the timer survives dead, frozen and cut-off workers, and a process frozen in the middle of a claim."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final
from uuid import UUID

import asyncpg

from scripts.chaos_rows import places
from scripts.chaos_rows.claims import Claimed, claim
from scripts.chaos_rows.flow import outcomes, settled
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.faults.toxics import BlackHole

OFFERS: Final = 50
WINDOW_S: Final = 4.0
FROZEN_S: Final = 10.0
LATE_S: Final = {"p99": 3.0, "max": 5.0}
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'onbeat_app%'"

Hurt = Callable[[Ground, Random], Awaitable[None]]


async def _kill(ground: Ground, dice: Random) -> None:
    """All sweepers but one."""
    sweepers = ground.fleet.of_role("sweeper")
    spared = dice.choice(sweepers)
    for part in sweepers:
        if part is not spared:
            ground.fleet.children.kill(part.name)
    await asyncio.sleep(2)


async def _freeze(ground: Ground, dice: Random) -> None:
    part = dice.choice(ground.fleet.of_role("sweeper"))
    ground.fleet.children.pause(part.name)
    await asyncio.sleep(FROZEN_S)
    ground.fleet.children.resume(part.name)
    await asyncio.sleep(1)


async def _cut_off(ground: Ground, dice: Random) -> None:
    part = dice.choice(ground.fleet.of_role("sweeper"))
    assert part.postgres is not None
    number = part.postgres.add(BlackHole())
    await asyncio.sleep(FROZEN_S / 2)
    part.postgres.remove(number)


async def _terminate(ground: Ground, dice: Random) -> None:
    """Every connection of every process, three times while the windows run out."""
    admin = await asyncpg.connect(ground.fleet.stores.admin_url, timeout=10)
    try:
        for _ in range(3):
            await admin.execute(TERMINATE)
            await asyncio.sleep(dice.uniform(0.3, 0.6))
    finally:
        await admin.close(timeout=10)


async def _freeze_web(ground: Ground, dice: Random) -> None:
    """The process that has just been given claims stands still."""
    part = dice.choice(ground.fleet.webs)
    ground.fleet.children.pause(part.name)
    await asyncio.sleep(FROZEN_S)
    ground.fleet.children.resume(part.name)


KINDS: Final[tuple[tuple[str, Hurt], ...]] = (
    ("kill", _kill),
    ("freeze", _freeze),
    ("cut_off", _cut_off),
    ("terminate", _terminate),
    ("freeze_web", _freeze_web),
)
CLAIMS_BEFORE_FREEZE: Final = 12


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """One episode of each kind; fifty offers fall due inside each."""
    record, broken, late_s, offers, claimed = Record(), list[str](), list[float](), 0, 0
    for number, (kind, hurt) in enumerate(KINDS):
        words, dice = f"A6 {block} {kind} ", ground.dice(f"A6:{block}:{number}")
        reports = [ground.report("quick", f"{words}{n}", ground.place(n % STATIONS, dice)) for n in range(OFFERS)]
        accepted = await asyncio.gather(*reports)
        claiming: asyncio.Task[list[Claimed]] | None = None
        async with asyncio.TaskGroup() as group:
            if kind == "freeze_web":
                cases = [one.case for one in accepted[:CLAIMS_BEFORE_FREEZE]]
                claiming = group.create_task(_claims(ground, cases, dice, record))
                await asyncio.sleep(dice.uniform(0.0, 0.02))
            else:
                await asyncio.sleep(WINDOW_S - 0.6)
            await hurt(ground, dice)
        broken += await settled(ground, words, 15)
        await ground.heal()
        if claiming is not None:
            await asyncio.gather(*(ground.clear(c.phone, c.case, c.fence) for c in claiming.result() if c.won))
        ended = await outcomes(ground, words)
        broken += [f"{kind}: {one}" for one in ended.broken]
        late_s += ended.late_s
        claimed += ended.claimed
        offers += len(accepted)
        if ended.claimed + ended.fell_back != len(accepted):
            broken.append(f"{kind}: {len(accepted) - ended.claimed - ended.fell_back} offers have no answer")
        await ground.desk_clears(words)
    found = record.broken()
    if found:
        record.write(ground.histories / f"A6-{block}.jsonl")
    tally = {
        "episodes": len(KINDS),
        "offers": offers,
        "claimed": claimed,
        "late_s": late_s,
        "broken": broken + found,
    }
    return {"A6": tally}


async def _claims(ground: Ground, cases: list[UUID], dice: Random, record: Record) -> list[Claimed]:
    """One officer for each of some cases, all at once."""
    running = []
    async with asyncio.TaskGroup() as group:
        for number, case in enumerate(cases):
            phones = ground.crew.officers[places.station(number % STATIONS)]
            phone = phones[number // STATIONS]
            if case in phone.shown:
                record.call("sweeper", "fall_back", case)  # at any time from now on, or never
                http, key = dice.random() < 0.5, secrets.token_urlsafe(24)
                round_ = phone.shown[case][0].round
                running.append(group.create_task(claim(phone, case, round_, key, record, over_http=http, limit_s=25)))
    return [task.result() for task in running]


def judge(tally: Tally) -> Found:
    late = figures(tally["late_s"])
    return judged(
        tally["episodes"],
        {"offers": tally["offers"], "claimed": tally["claimed"], "late_s": late},
        tally["broken"],
        ((most(late[k], limit), f"late {k} was {late[k]} s, above {limit} s") for k, limit in LATE_S.items()),
    )


ROW = Row(("A6",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"A6": judge})
