"""A11: a report that is sent twice is one case, over whichever process, after whichever loss, a day later too."""

import asyncio
import secrets
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import msgspec

from gateway.wire.messages import Report, Reported
from scripts.chaos_rows.crew import attempt
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged
from scripts.faults.toxics import CutAfterCommit
from scripts.simulator.http import Unanswered

REPORTS: Final = 250
AT_ONCE: Final = 20
COPIES: Final = (2, 6)
LOST_EVERY: Final = 10  # reports between two losses of an answer
ATTEMPTS_MAX: Final = 12
YESTERDAY = "UPDATE idempotency SET at = at - interval '23 hours' WHERE scope = 'report' AND key = $1"


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    dice, turn = ground.dice(f"A11:{block}"), asyncio.Semaphore(AT_ONCE)
    tally: dict[str, Any] = {"reports": 0, "sent": 0, "changed": 0, "later": 0, "lost": 0, "broken": []}

    async def one(number: int, own: Random) -> None:
        async with turn:
            if number % LOST_EVERY == 0:
                door = own.choice(ground.fleet.webs).door
                assert door is not None
                door.add(CutAfterCommit(b"HTTP/1.1 20", 1))
                tally["lost"] += 1
            await _one(ground, f"A11 {block} {number}", own, number, tally)

    async with asyncio.TaskGroup() as group:
        for number in range(REPORTS):
            group.create_task(one(number, Random(f"{dice.random()}")))
    ground.fleet.heal()
    rows = await ground.rows(
        "SELECT words, count(*) AS found FROM cases WHERE words LIKE $1 GROUP BY words", f"A11 {block} %"
    )
    tally["broken"] += [f"{row['words']!r} is {row['found']} cases" for row in rows if row["found"] != 1]
    if len(rows) != REPORTS:
        tally["broken"].append(f"{REPORTS} reports became {len(rows)} cases")
    await ground.desk_clears(f"A11 {block} ")
    return {"A11": tally}


async def _one(ground: Ground, words: str, dice: Random, number: int, tally: dict[str, Any]) -> None:
    key, place = secrets.token_urlsafe(24), ground.place(number % STATIONS, dice)
    report = Report(category="quick", words=words, lat=place.lat, lon=place.lon)
    copies = dice.randint(*COPIES)
    answers = await asyncio.gather(*(_send(ground, key, report) for _ in range(copies)))
    tally["reports"] += 1
    tally["sent"] += copies
    if number % 5 == 0:
        await ground.owner.execute(YESTERDAY, key)
        answers.append(await _send(ground, key, report))
        tally["later"] += 1
    broken: list[str] = tally["broken"]
    told = {(body.case, body.receipt, body.station) for _, body in answers if body is not None}
    if len(told) != 1:
        broken.append(f"{words}: one key was answered by {len(told)} cases")
    made = sum(status == 201 for status, _ in answers)
    if made > 1 or any(status not in (200, 201) for status, _ in answers):
        broken.append(f"{words}: the answers were {[status for status, _ in answers]}")
    if number % 3 == 0:
        status, _ = await _send(ground, key, msgspec.structs.replace(report, words=words + " and more"))
        tally["changed"] += 1
        if status != 422:
            broken.append(f"{words}: the same key with other words was answered {status}")


async def _send(ground: Ground, key: str, report: Report) -> tuple[int, Reported | None]:
    """One copy, sent until it is answered by anything but "not now"."""
    person, body = ground.reporter(), msgspec.json.encode(report)
    for _ in range(ATTEMPTS_MAX):
        try:
            answer = await attempt(person, "POST", "/v1/reports", body, Idempotency_Key=key)
        except Unanswered:
            continue
        if answer.status < 300:
            return answer.status, msgspec.json.decode(answer.body, type=Reported)
        if answer.status < 500 and answer.status != 429:
            return answer.status, None
        await asyncio.sleep(0.2)
    return 0, None


def judge(tally: Tally) -> Found:
    figure = {name: tally[name] for name in ("sent", "changed", "later", "lost")}
    return judged(tally["reports"], figure, tally["broken"])


ROW = Row(("A11",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"A11": judge})
