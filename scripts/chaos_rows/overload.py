"""B14: reports at ten times what the service takes are refused clearly, and cost no case and no minute.

The database is made slow by a trigger, so that one machine can offer ten times what it takes: what the service takes
is measured first, by people who wait for their answers; then others report by the clock, whatever becomes of each.
Their place is nobody's, so that no phone rings for them. Beside them people report in the stations and officers claim:
their cases must be accepted however often they have to ask, and fall back in time.
"""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from gateway.wire.messages import Report, Reported
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.places import NOWHERE
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.simulator.doors import Doors, Person, decoded
from scripts.simulator.http import Answer, Unanswered

EACH_S: Final = 0.01  # what a report takes of the slow database
WAITING: Final = 96  # people who wait for their answers, while it is measured what is taken
MEASURED_S: Final = {Profile.SHORT: 3.0, Profile.GATE: 10.0}
FLOOD_S: Final = {Profile.SHORT: 6.0, Profile.GATE: 60.0}
TIMES: Final = 10
BESIDE_PER_S: Final = 4.0
GOODPUT_SHARE_MIN: Final = 0.8
REFUSED_P99_S_MAX: Final = 1.0
ACCEPTED_P99_S_MAX: Final = 3.0
LATE_S: Final = {"p99": 1.0, "max": 2.0}  # as in A5
BACK_S_MAX: Final = 5.0
SHED: Final = frozenset({429, 503})

SLOW: Final = f"""
CREATE FUNCTION slow_report() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_sleep({EACH_S}); RETURN NEW; END $$;
CREATE TRIGGER slow_report BEFORE INSERT ON cases FOR EACH ROW EXECUTE FUNCTION slow_report()"""
QUICK: Final = "DROP FUNCTION IF EXISTS slow_report CASCADE"
THERE: Final = "SELECT id, words FROM cases WHERE words LIKE $1 || '%'"


@dataclass(slots=True)
class Flood:
    """What those who report by the clock were told."""

    sent: int = 0
    lasted_s: float = 0.0
    accepted: dict[str, UUID] = field(default_factory=dict)  # by words
    refused: set[str] = field(default_factory=set)  # words of what was said not to have been begun
    accepted_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    broken: list[str] = field(default_factory=list)


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, flood = f"B14 {block} ", Flood()
    takers = Takers(ground, words + "beside ", 0.01)
    async with _slow(ground), _doors(ground) as doors, takers.at_work():
        capacity = await _capacity(ground, doors, words, MEASURED_S[profile], flood)
        beside_s = FLOOD_S[profile] + 2
        async with asyncio.TaskGroup() as group:
            beside = group.create_task(
                flow(ground, words + "beside ", count=int(beside_s * BESIDE_PER_S), per_s=BESIDE_PER_S, seed=block)
            )
            began = time.monotonic()
            back_s = await _flood(ground, doors, words, TIMES * capacity, FLOOD_S[profile], flood)
            goodput = len(flood.accepted) / (time.monotonic() - began)
        broken = await settled(ground, words + "beside ")
    await ground.heal()
    ended = await outcomes(ground, words + "beside ", takers)
    broken += await lost_or_doubled(ground, words + "beside ", beside.result()) + ended.broken
    broken += compare(flood, [(row["id"], row["words"]) for row in await ground.rows(THERE, words + "flood ")])
    await ground.desk_clears(words)
    tally: dict[str, Any] = {
        "reports": flood.sent, "capacity_s": [round(capacity, 1)], "goodput_s": [round(goodput, 1)],
        "times": [round(flood.sent / flood.lasted_s / capacity, 1)], "told": sorted(flood.told.elements()),
        "accepted_s": flood.accepted_s, "refused_s": flood.refused_s, "unanswered": flood.unanswered,
        "beside": len(beside.result().accepted), "never": len(beside.result().unanswered),
        "late_s": ended.late_s, "back_s": [round(back_s, 3)], "broken": broken,
    }  # fmt: skip
    return {"B14": tally}


@contextlib.asynccontextmanager
async def _slow(ground: Ground) -> AsyncIterator[None]:
    await ground.owner.execute(SLOW)
    try:
        yield
    finally:
        await ground.owner.execute(QUICK)


@contextlib.asynccontextmanager
async def _doors(ground: Ground) -> AsyncIterator[Doors]:
    """Past the fault proxies: what is measured is the service."""
    doors = Doors(tuple(part.direct for part in ground.fleet.webs))
    try:
        yield doors
    finally:
        await doors.close()


async def _ask(person: Person, words: str) -> Answer:
    """One report, with a key of its own. Raises: Unanswered."""
    report = Report(category="quick", words=words, lat=NOWHERE.lat, lon=NOWHERE.lon)
    key = (("Idempotency-Key", secrets.token_urlsafe(24)),)
    return await person.ask("POST", "/v1/reports", msgspec.json.encode(report), more=key)


def _person(ground: Ground, doors: Doors) -> Person:
    return Person(doors, ground.reporter().number)


async def _capacity(ground: Ground, doors: Doors, words: str, seconds: float, flood: Flood) -> float:
    """Reports a second that are accepted where each waits for the answer to the one before."""
    accepted, began = 0, time.monotonic()

    async def wait(number: int) -> None:
        nonlocal accepted
        turn = 0
        while time.monotonic() < began + seconds:
            turn += 1
            with contextlib.suppress(Unanswered):
                answer = await _ask(_person(ground, doors), f"{words}calm {number} {turn}")
                accepted += answer.status == 201 and answer.at < began + seconds
                if answer.status in SHED:
                    await asyncio.sleep(0.2)

    await asyncio.gather(*(wait(number) for number in range(WAITING)))
    if not accepted:
        flood.broken.append("nothing was accepted before the flood")
    return max(accepted, 1) / seconds


async def _flood(ground: Ground, doors: Doors, words: str, per_s: float, seconds: float, flood: Flood) -> float:
    """By the clock; returns when all were answered or given up. Seconds from the last until it is quiet again."""

    async def one(number: int) -> None:
        text, began = f"{words}flood {number}", time.monotonic()
        try:
            note(flood, text, await _ask(_person(ground, doors), text), began)
        except Unanswered:
            flood.unanswered += 1

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_s * seconds)):
            if (early_s := began + number / per_s - time.monotonic()) > 0:
                await asyncio.sleep(early_s)
            flood.sent += 1
            group.create_task(one(number))
        flood.lasted_s = time.monotonic() - began
        back = group.create_task(_back(ground, doors, words))
    return back.result()


def note(flood: Flood, words: str, answer: Answer, began: float) -> None:
    """What one of the flood was told: that it is a case, or clearly why not."""
    took_s = round(answer.at - began, 4)
    if answer.status in (200, 201):
        flood.accepted[words] = decoded(answer, Reported).case
        flood.accepted_s.append(took_s)
        return
    code = str(msgspec.json.decode(answer.body).get("code")) if answer.body.startswith(b"{") else "no problem document"
    flood.told[f"{answer.status} {code}"] += 1
    flood.refused_s.append(took_s)
    if answer.status not in SHED or not answer.headers.get("retry-after", "").isdigit():
        flood.broken.append(f"{words} was answered {answer.status} {code}, without a time to come back")
    elif code == "overloaded":
        flood.refused.add(words)


def compare(flood: Flood, there: list[tuple[UUID, str]]) -> list[str]:
    """What was accepted is there, what was refused is not."""
    found = {words: case for case, words in there}
    lost = [f"{words!r} was accepted and is lost" for words, case in flood.accepted.items() if found.get(words) != case]
    made = [f"{words!r} was refused and is a case" for words in sorted(flood.refused & set(found))]
    return flood.broken + lost + made


async def _back(ground: Ground, doors: Doors, words: str) -> float:
    """Seconds until somebody's report is accepted within a second, at the first attempt."""
    began, number = time.monotonic(), 0
    while time.monotonic() - began < 6 * BACK_S_MAX:
        number += 1
        with contextlib.suppress(Unanswered, TimeoutError):
            async with asyncio.timeout(1.0):
                if (await _ask(_person(ground, doors), f"{words}after {number}")).status == 201:
                    return time.monotonic() - began
        await asyncio.sleep(0.1)
    return 6 * BACK_S_MAX


def judge(tally: Tally) -> Found:
    late, accepted, refused = figures(tally["late_s"]), figures(tally["accepted_s"]), figures(tally["refused_s"])
    shares = [good / calm for good, calm in zip(tally["goodput_s"], tally["capacity_s"], strict=True)]
    share, times, back_s = round(min(shares), 2), min(tally["times"]), max(tally["back_s"])
    figure = {"times": times, "capacity_s": tally["capacity_s"], "goodput_share": share, "told": Counter(tally["told"])}
    return judged(
        tally["reports"],
        {
            **figure, "accepted_s": accepted, "refused_s": refused, "beside": tally["beside"], "late_s": late,
            "back_s": back_s, "unanswered": tally["unanswered"],
        },
        tally["broken"],
        (
            (times >= 0.9 * TIMES, f"only {times} times what is taken was offered"),
            (share >= GOODPUT_SHARE_MIN, f"{share} of what is taken in calm was accepted, below {GOODPUT_SHARE_MIN}"),
            (bool(tally["told"]), "nothing was refused"),
            (tally["unanswered"] == 0, f"{tally['unanswered']} reports were not answered at all"),
            (tally["never"] == 0, f"{tally['never']} people who asked again and again were never accepted"),
            (most(refused["p99"], REFUSED_P99_S_MAX), f"a refusal took {refused['p99']} s (p99)"),
            (most(accepted["p99"], ACCEPTED_P99_S_MAX), f"what was accepted took {accepted['p99']} s (p99)"),
            *((most(late[k], limit), f"timers were {late[k]} s late ({k})") for k, limit in LATE_S.items()),
            (back_s <= BACK_S_MAX, f"{back_s} s after the flood nothing was accepted at once"),
        ),
    )  # fmt: skip


ROW = Row(
    ("B14",),
    {Profile.SHORT: 1, Profile.GATE: 5},
    run,
    {"B14": judge},
    {"B14": "reports only: no uploads are built, and reads of maps are not hurried"},
)
