"""A2: one winner across partitions and unknown outcomes, between app and database and between phone and app.

An episode: ten cases are shown, a fault stands at one process, two hundred claims go out, the fault goes. Every phone
keeps its key, asks by it after every doubt, and must know its outcome 5 s after the healing.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from scripts.chaos_rows import places
from scripts.chaos_rows.claims import Claimed
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.race import Plan, Raced, judge_races, race
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import SENTENCES_MAX, Found, Profile, Row, Tally, figures, judged
from scripts.faults.proxy import FaultProxy
from scripts.faults.toxics import (
    POSTGRES_COMMITTED,
    BlackHole,
    CutAfterCommit,
    Down,
    Latency,
    ResetPeer,
    Slicer,
    Toxic,
)

EPISODES_A_BLOCK: Final = {Profile.SHORT: 12, Profile.GATE: 20}
CASES_A_STATION: Final = 2
CLAIMERS: Final = 20
LASTS_S: Final = (0.8, 2.0)
RESOLVED_S_MAX: Final = 5.0
SHOWN_S: Final = 8.0

FAULTS: Final[tuple[tuple[str, str, Toxic], ...]] = tuple(
    (f"{name} {side}", side, toxic)
    for side in ("door", "postgres")
    for name, toxic in (
        ("down", Down()),
        ("black hole", BlackHole()),
        ("reset after request", ResetPeer()),
        ("0 to 800 ms", Latency(400, 400)),
        ("sliced", Slicer(64, 300)),
        ("cut after commit", CutAfterCommit(POSTGRES_COMMITTED if side == "postgres" else b"", 20)),
    )
)


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    dice, record, races = ground.dice(f"A2:{block}"), Record(), list[Raced]()
    resolved_s, late = list[float](), list[str]()
    faults: dict[str, int] = {}
    order = [*FAULTS, *FAULTS]
    for number in range(EPISODES_A_BLOCK[profile]):
        name, side, toxic = order[number]
        faults[name] = faults.get(name, 0) + 1
        web = dice.choice(ground.fleet.webs)
        proxy = web.door if side == "door" else web.postgres
        assert proxy is not None
        done, healed = await _episode(ground, f"A2 {block} {number}", proxy, toxic, record, dice)
        races += done
        in_doubt = [c for one in done for c in one.claims if c.doubts]
        resolved_s += [round(c.resolved - healed, 3) for c in in_doubt if c.answer is not None]
        late += [_late(c, healed, name) for c in in_doubt if c.answer is None or c.resolved - healed > RESOLVED_S_MAX]
        await ground.heal()
        await asyncio.gather(*(ground.clear(w.phone, w.case, w.fence) for one in done for w in one.winners))
    broken = await judge_races(ground, races, record)
    if broken:
        record.write(ground.histories / f"A2-{block}.jsonl")
    claims = [c for one in races for c in one.claims]
    said: dict[str, int] = {}
    for one in claims:
        for reason, count in one.undecided.items():
            said[reason] = said.get(reason, 0) + count
    tally = {
        "episodes": sum(faults.values()),
        "claims": len(claims),
        "doubts": sum(c.doubts > 0 for c in claims),
        "unresolved": len(late),
        "late": late,
        "said": sorted(said),
        "too_fast": said.get("too_fast", 0),
        "resolved_s": resolved_s,
        "faults": sorted(faults),
        "broken": broken,
    }
    return {"A2": tally}


def _late(claim: Claimed, healed: float, fault: str) -> str:
    """A sentence about one outcome."""
    when = "never" if claim.answer is None else f"{claim.resolved - healed:.1f} s after the healing"
    return f"{claim.phone.login}'s claim for {claim.case} ({fault}) was known {when}; {claim.meanwhile}"


async def _episode(
    ground: Ground, words: str, proxy: FaultProxy, toxic: Toxic, record: Record, dice: Random
) -> tuple[Sequence[Raced], float]:
    start = asyncio.Event()
    plans = []
    for station in range(STATIONS):
        phones = list(ground.crew.officers[places.station(station)])
        dice.shuffle(phones)
        for turn in range(CASES_A_STATION):
            claimers = phones[turn * CLAIMERS : (turn + 1) * CLAIMERS]
            own = Random(f"{dice.random()}")
            plans.append(Plan(station, f"{words} {station}.{turn}", claimers, own, duplicates=0, reads=3, start=start))
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(race(ground, plan, record)) for plan in plans]
        # The fault comes when the cards are on the screens: thumbs are on their way.
        await _until_shown(ground, plans)
        proxy.add(toxic)
        start.set()
        await asyncio.sleep(dice.uniform(*LASTS_S))
        proxy.heal()
        healed = time.monotonic()
    return [task.result() for task in running], healed


async def _until_shown(ground: Ground, plans: Sequence[Plan]) -> None:
    ends = time.monotonic() + SHOWN_S
    while time.monotonic() < ends:
        shown = sum(
            any(offer.words == plan.words for offer, _ in phone.shown.values())
            for plan in plans
            for phone in plan.claimers
        )
        if shown == sum(len(plan.claimers) for plan in plans):
            return
        await asyncio.sleep(0.05)


def judge(tally: Tally) -> Found:
    return judged(
        tally["episodes"],
        {
            "claims": tally["claims"],
            "in_doubt": tally["doubts"],
            "resolved_after_heal_s": figures(tally["resolved_s"]),
            "kinds_of_fault": len(set(tally["faults"])),
            "too_fast": tally["too_fast"],
            "said_meanwhile": sorted(set(tally["said"])),
        },
        tally["broken"],
        (
            (
                tally["unresolved"] == 0,
                f"{tally['unresolved']} outcomes were not known 5 s after the healing: "
                + "; ".join(tally["late"][:SENTENCES_MAX]),
            ),
            (tally["doubts"] > 0, "no outcome was ever in doubt"),
        ),
    )


ROW = Row(("A2",), {Profile.SHORT: 1, Profile.GATE: 10}, run, {"A2": judge})
