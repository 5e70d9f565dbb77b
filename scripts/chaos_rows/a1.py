"""A1: exactly one officer wins a case. Fifty claim it within 20 ms, over both ways, through three processes."""

import asyncio
from collections.abc import Mapping

from scripts.chaos_rows import places
from scripts.chaos_rows.ground import OFFICERS_EACH, STATIONS, Ground
from scripts.chaos_rows.race import Plan, Raced, judge_races, race
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import SENTENCES_MAX, Found, Profile, Row, Tally, figures, judged, most

CASES_A_BLOCK = 100
CLAIM_P99_MS_MAX = 150.0
SHOWN_SHARE_MIN = 0.98  # whoever cleared the last case a moment ago may be passed over once


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """One case after another, each at the next station, so that every thumb meets the other forty-nine alone."""
    record, races, dice = Record(), list[Raced](), ground.dice(f"A1:{block}")
    clearing: dict[str, asyncio.Task[bool]] = {}
    for number in range(CASES_A_BLOCK):
        station = number % STATIONS
        name = places.station(station)
        if name in clearing:
            await clearing.pop(name)
        phones = list(ground.crew.officers[name])
        dice.shuffle(phones)
        raced = await race(ground, Plan(station, f"A1 {block} {number}", phones, dice), record)
        races.append(raced)
        for winner in raced.winners:
            clearing[name] = asyncio.create_task(ground.clear(winner.phone, winner.case, winner.fence))
    await asyncio.gather(*clearing.values())
    broken = await judge_races(ground, races, record)
    if broken:
        record.write(ground.histories / f"A1-{block}.jsonl")
    claims = [c for one in races for c in one.claims]
    tally = {
        "claims": len(claims),
        "cases": len(races),
        "unresolved": sum(c.answer is None for c in claims),
        "why": [f"{c.phone.login}: {c.meanwhile}" for c in claims if c.answer is None][:SENTENCES_MAX],
        "ms": [round(c.first_s * 1000, 1) for c in claims if c.first_s is not None],
        "shown": sum(one.shown for one in races),
        "broken": broken,
    }
    return {"A1": tally}


def judge(tally: Tally) -> Found:
    ms = figures(tally["ms"], 1)
    return judged(
        tally["claims"],
        {"double_wins": len(tally["broken"]), "cases": tally["cases"], "claim_ms": ms, "shown": tally["shown"]},
        tally["broken"],
        (
            (most(ms["p99"], CLAIM_P99_MS_MAX), f"claim p99 was {ms['p99']} ms, above {CLAIM_P99_MS_MAX:.0f} ms"),
            (
                tally["unresolved"] == 0,
                f"{tally['unresolved']} claims were never answered: {'; '.join(tally['why'][:SENTENCES_MAX])}",
            ),
            (
                tally["shown"] >= SHOWN_SHARE_MIN * tally["cases"] * OFFICERS_EACH,
                f"only {tally['shown']} cards were shown",
            ),
        ),
    )


APART_S = 27.0  # an officer claims up to 22 times in a block
ROW = Row(("A1",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"A1": judge}, apart_s=APART_S)
