"""A3: one active case an officer. Everybody claims all of twenty cases at once, and a process dies meanwhile."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Final
from uuid import UUID

from scripts.chaos_rows import places
from scripts.chaos_rows.claims import Claimed, claim
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged

CASES: Final = 20
STATIONS_A_BLOCK: Final = {Profile.SHORT: 1, Profile.GATE: STATIONS}
WITHIN_S: Final = 0.5
DEADLOCK_SHARE_MAX: Final = 0.001

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
ACTIVE = """
SELECT officer_id, count(*) AS held FROM assignments WHERE case_id = ANY ($1) AND active
GROUP BY officer_id"""


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    dice, record = ground.dice(f"A3:{block}"), Record()
    before = await ground.owner.fetchval(DEADLOCKS)
    stations = range(STATIONS_A_BLOCK[profile])
    cases: dict[int, list[UUID]] = {}
    for station in stations:
        reports = [
            ground.report("real", f"A3 {block} {station} {n}", ground.place(station, dice)) for n in range(CASES)
        ]
        cases[station] = [one.case for one in await asyncio.gather(*reports)]
    claims: list[Claimed] = []
    async with asyncio.TaskGroup() as group:
        running = []
        for station in stations:
            phones = ground.crew.officers[places.station(station)]
            for case in cases[station]:
                await ground.until_shown(case, phones)
            for phone in phones:
                for case in cases[station]:
                    own = Random(f"{dice.random()}")
                    running.append(group.create_task(_claim(phone, case, own, record)))
        await asyncio.sleep(dice.uniform(0.1, WITHIN_S))
        ground.fleet.children.kill(dice.choice(ground.fleet.webs).name)
    claims += [task.result() for task in running]
    await ground.heal()
    ids = [case for found in cases.values() for case in found]
    broken = record.broken()
    for row in await ground.rows(ACTIVE, ids):
        if row["held"] > 1:
            broken.append(f"officer {row['officer_id']} holds {row['held']} cases")
    told = Counter(c.phone.login for c in claims if c.won)
    broken += [f"{login} was told to have won {count} cases" for login, count in told.items() if count > 1]
    if broken:
        record.write(ground.histories / f"A3-{block}.jsonl")
    after = await ground.owner.fetchval(DEADLOCKS)
    await asyncio.gather(*(ground.clear(c.phone, c.case, c.fence) for c in claims if c.won))
    await ground.desk_clears(f"A3 {block} ")
    tally = {
        "claims": len(claims),
        "won": sum(c.won for c in claims),
        "no_slot": sum(c.answer == "no_slot" for c in claims),
        "unresolved": sum(c.answer is None for c in claims),
        "deadlocks": after - before,
        "broken": broken,
    }
    return {"A3": tally}


async def _claim(phone: Phone, case: UUID, dice: Random, record: Record) -> Claimed:
    await asyncio.sleep(dice.uniform(0, WITHIN_S))
    key, over_http = secrets.token_urlsafe(24), dice.random() < 0.5
    offer = phone.shown.get(case)
    return await claim(phone, case, offer[0].round if offer else 1, key, record, over_http=over_http)


def judge(tally: Tally) -> Found:
    deadlocks, claims = tally["deadlocks"], tally["claims"]
    return judged(
        claims,
        {name: tally[name] for name in ("won", "no_slot", "deadlocks")},
        tally["broken"],
        (
            (tally["unresolved"] == 0, f"{tally['unresolved']} claims were never answered"),
            (deadlocks <= DEADLOCK_SHARE_MAX * claims, f"{deadlocks} deadlocks in {claims} claims"),
            (tally["won"] > 0, "nobody won anything"),
        ),
    )


APART_S: Final = 27.0  # everybody claims twenty times in a block
ROW = Row(("A3",), {Profile.SHORT: 1, Profile.GATE: 2}, run, {"A3": judge}, apart_s=APART_S)
