"""A12: an officer who lost a case cannot act on it any more, sees it no longer, and is seen no longer."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases.values import Disposition
from gateway.wire.messages import Arrived, Assign, Cleared, HandBack, Say, SetOut, Withdraw
from scripts.chaos_rows import places
from scripts.chaos_rows.claims import claim
from scripts.chaos_rows.crew import Phone, attempt
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.simulator.http import Unanswered

RUNS: Final = 50
WAYS: Final = ("hand_back", "reassign")
REVOKED_S_MAX: Final = 1.0


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """All stations at once, each one case after another."""
    dice, tally = ground.dice(f"A12:{block}"), _empty()

    async def station(number: int, own: Random) -> None:
        for turn in range(RUNS // STATIONS):
            await _one(ground, number, f"A12 {block} {number}.{turn}", own, tally)

    async with asyncio.TaskGroup() as group:
        for number in range(STATIONS):
            group.create_task(station(number, Random(f"{dice.random()}")))
    await ground.desk_clears(f"A12 {block} ")
    return {"A12": tally}


def _empty() -> dict[str, Any]:
    return {"runs": 0, "tried": 0, "revoked_s": [], "refusals": [], "broken": []}


async def _one(ground: Ground, station: int, words: str, dice: Random, tally: dict[str, Any]) -> None:
    phones = list(ground.crew.officers[places.station(station)])
    dice.shuffle(phones)
    old, new = phones[:2]
    desk = ground.crew.desks[places.station(station)]
    accepted = await ground.report("real", words, ground.place(station, dice))
    case, record, broken = accepted.case, Record(), tally["broken"]
    if not await ground.until_shown(case, [old, new]):
        blind = [p.login for p in (old, new) if case not in p.shown]
        broken.append(f"case {case} was not shown to {', '.join(blind)}")
        return
    won = await claim(old, case, 1, secrets.token_urlsafe(24), record, over_http=False)
    if not won.won:
        broken.append(f"case {case} was not won: {won.answer}")
        return
    if dice.random() < 0.5:
        going = SetOut(case=case, fence=won.fence, key=secrets.token_urlsafe(24))
        await old.act(going, going.key)
    way = dice.choice(WAYS)
    await _until_listed(desk, case)  # a desk reassigns what it sees held
    lost_at = time.monotonic()
    if way == "reassign":
        assert new.officer is not None
        sent = Assign(case=case, officer=new.officer, key=secrets.token_urlsafe(24))
        told = await desk.act(sent, sent.key)
    else:
        back = HandBack(case=case, fence=won.fence, key=secrets.token_urlsafe(24))
        told = await old.act(back, back.key)
    if told is None or not told.ok:
        broken.append(f"case {case}: {way} was not done: {told}")
        return
    tally["revoked_s"].append(await _until_gone(old, case, lost_at))
    tally["refusals"] += await _old_acts(old, case, won.fence, dice, broken)
    tally["tried"] += 5
    if await _still_sees(old, case):
        broken.append(f"case {case} is still shown to the officer who lost it")
    if way == "reassign":
        if not await _until_held(new, case):
            broken.append(f"case {case} was not shown to its new officer {new.login}")
            return
        await ground.clear(new, case, new.held[case][0].fence)
    elif way == "hand_back":
        await _withdraw(ground, accepted.receipt, case)
    rows = await ground.rows("SELECT status FROM cases WHERE id = $1", case)
    if rows[0]["status"] not in ("cleared", "withdrawn"):
        broken.append(f"case {case} ended as {rows[0]['status']}")
    tally["runs"] += 1


async def _old_acts(old: Phone, case: UUID, fence: int, dice: Random, broken: list[str]) -> list[str]:
    """Everything that the old phone may still try, over one way or the other."""
    refusals = []
    tried: list[Any] = [
        SetOut(case=case, fence=fence, key=secrets.token_urlsafe(24)),
        Arrived(case=case, fence=fence, key=secrets.token_urlsafe(24)),
        HandBack(case=case, fence=fence, key=secrets.token_urlsafe(24)),
        Cleared(case=case, fence=fence, key=secrets.token_urlsafe(24), disposition=Disposition.UNFOUNDED),
        Say(case=case, fence=fence, key=secrets.token_urlsafe(24), words="I am still coming."),
    ]
    dice.shuffle(tried)
    for message in tried:
        await old.fix()
        if dice.random() < 0.5:
            told = await old.act(message, message.key)
            ok, reason = (told is None or told.ok), (told.reason if told else "no answer")
        else:
            answer = await attempt(old.person, "POST", f"/v1/cases/{case}/acts", msgspec.json.encode(message))
            ok, reason = answer.status < 400 or answer.status >= 500, str(answer.status)
        refusals.append(str(reason))
        if ok:
            broken.append(f"case {case}: {type(message).__name__} of the old officer was answered {reason}")
    return refusals


async def _until_gone(old: Phone, case: UUID, lost_at: float) -> float:
    """Seconds from the loss until the old phone was told."""
    while time.monotonic() - lost_at < 5.0:
        told = old.gone.get(case)
        if told is not None and told[1] >= lost_at:
            return round(told[1] - lost_at, 3)
        await asyncio.sleep(0.01)
    return 5.0


async def _until_listed(desk: Phone, case: UUID) -> None:
    """Waits until the desk's screen shows that somebody holds the case; 2 s at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            while case not in desk.listed or not desk.listed[case].holders:  # noqa: ASYNC110 - told by a socket
                await asyncio.sleep(0.005)


async def _until_held(new: Phone, case: UUID) -> bool:
    """Whether the new officer's phone shows the case; waits 5 s at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5.0):
            while case not in new.held:  # noqa: ASYNC110 - told by a socket
                await asyncio.sleep(0.005)
    return case in new.held


async def _still_sees(old: Phone, case: UUID) -> bool:
    try:
        answer = await attempt(old.person, "GET", f"/v1/cases/{case}")
    except Unanswered:
        return True
    return answer.status != 404


async def _withdraw(ground: Ground, receipt: str, case: UUID) -> None:
    """The reporter ends what was handed back."""
    person = ground.reporter()
    await person.open_receipt(receipt)
    message = Withdraw(case=case, key=secrets.token_urlsafe(24))
    await attempt(person, "POST", f"/v1/cases/{case}/acts", msgspec.json.encode(message))


def judge(tally: Tally) -> Found:
    revoked = figures(tally["revoked_s"])
    reasons = {reason: tally["refusals"].count(reason) for reason in sorted(set(tally["refusals"]))}
    return judged(
        tally["runs"],
        {"acts_tried": tally["tried"], "refused_with": reasons, "told_s": revoked},
        tally["broken"],
        (
            (most(revoked["max"], REVOKED_S_MAX), f"the old phone was told after {revoked['max']} s"),
            (tally["runs"] % RUNS == 0, f"only {tally['runs']} runs came to their end"),
        ),
    )


ROW = Row(("A12",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"A12": judge})
