"""A15: a case that fell to a desk is acknowledged there, or a supervisor is alarmed: no case waits in silence.

Each station's desk has a reason of its own not to answer: nobody is there, the line swallows everything, the machine
sleeps, the person looks elsewhere. The fifth desk answers, and nobody may be alarmed for it.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

from dispatch.cases import views
from dispatch.limits import DESK_ACK_MS
from gateway.wire.messages import Acknowledge
from scripts.chaos_rows import places
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.flow import settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged
from scripts.chaos_rows.viewer import Viewer
from scripts.faults.toxics import BlackHole
from scripts.simulator.doors import Person

WAYS: Final = ("offline", "black hole", "asleep", "elsewhere", "answers")
"""Of the desks, station by station."""
CASES_EACH: Final = 16
ALARM_S: Final = DESK_ACK_MS / 1000
APART_S: Final = 2.0  # the table's tolerance, to both sides
ANSWERS_S: Final = (0.0, 12.0)
LASTS_S: Final = ALARM_S + 4.0

ALARMED: Final = """
SELECT c.id, c.station, c.acknowledged_at IS NOT NULL AS answered,
       extract(epoch FROM c.escalated_at)::float8 AS fell_at,
       (SELECT extract(epoch FROM min(e.at))::float8 FROM events e
        WHERE e.case_id = c.id AND e.kind = 'alarm_raised') AS rang_at
FROM cases c WHERE c.words LIKE $1 || '%'"""


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, dice = f"A15 {block} ", ground.dice(f"A15:{block}")
    await _apart(ground)
    supervisor = await _supervisor(ground)
    sent = [
        ground.report("asleep", f"{words}{way} {n}", ground.place(number, dice))
        for number, way in enumerate(WAYS)
        for n in range(CASES_EACH)
    ]
    await asyncio.gather(*sent)
    with _silence(ground), _answering(ground, words, dice) as answering:
        listening = asyncio.create_task(supervisor.listen(LASTS_S))
        broken = await settled(ground, words)
        await listening
        await asyncio.gather(*answering)
    rows = await ground.rows(ALARMED, words)
    heard: dict[UUID, float] = {}
    for one in supervisor.heard:
        if isinstance(one.message, views.Alarm) and not one.message.over:
            heard.setdefault(one.message.case, one.at + ground.clock_s)
    await supervisor.close()
    await ground.heal()
    await ground.desk_clears(words)
    tally = counted([dict(row) for row in rows], heard)
    tally["broken"] += broken
    return {"A15": tally}


async def _apart(ground: Ground) -> None:
    """The desk that answers comes in by another door than the one that is going to be swallowed."""
    swallowed, working = (ground.crew.desks[places.station(WAYS.index(way))] for way in ("black hole", "answers"))
    while working.person.door.base == swallowed.person.door.base:
        working.person.move_on()
        working.line.hang_up(0.0)
        await asyncio.sleep(0.1)
        await working.line.ready.wait()


async def _supervisor(ground: Ground) -> Viewer:
    """In touch, by a door that stays whole."""
    people = json.loads(ground.fleet.credentials.read_text())["people"]
    own = next(p for p in people if p["role"] == "supervisor")
    person = Person(ground.doors, 9_999)
    swallowed = ground.crew.desks[places.station(WAYS.index("black hole"))].person.door.base
    while person.door.base == swallowed:
        person.move_on()
    await person.sign_in(own["login"], own["password"])
    viewer = Viewer(person)
    await viewer.open()
    return viewer


@contextlib.contextmanager
def _silence(ground: Ground) -> Iterator[None]:
    """Every desk is away in its own manner while the body lasts."""
    desks = {way: ground.crew.desks[places.station(number)] for number, way in enumerate(WAYS)}
    desks["offline"].line.hang_up(LASTS_S)
    asleep = asyncio.create_task(desks["asleep"].line.lose_signal(LASTS_S))
    door = next(part.door for part in ground.fleet.webs if part.url == desks["black hole"].person.door.base)
    assert door is not None
    number = door.add(BlackHole())
    try:
        yield
    finally:
        door.remove(number)
        asleep.cancel()


@contextlib.contextmanager
def _answering(ground: Ground, words: str, dice: Random) -> Iterator[list["asyncio.Task[None]"]]:
    """The one desk that works acknowledges each case within some seconds of seeing it."""
    desk, tasks, seen = (
        ground.crew.desks[places.station(WAYS.index("answers"))],
        list[asyncio.Task[None]](),
        set[UUID](),
    )

    async def answer(case: UUID, after_s: float) -> None:
        await asyncio.sleep(after_s)
        key = secrets.token_urlsafe(24)
        await desk.act(Acknowledge(case=case, key=key), key)

    def shown(phone: Phone, message: views.Sent, now: float) -> None:
        if phone is not desk or not isinstance(message, views.DeskCase) or not message.words.startswith(words):
            return
        if message.status == "at_station" and message.case not in seen:
            seen.add(message.case)
            tasks.append(asyncio.create_task(answer(message.case, dice.uniform(*ANSWERS_S))))

    with ground.crew.watched(shown):
        yield tasks


def counted(rows: list[dict[str, Any]], heard: Mapping[UUID, float]) -> Tally:
    """`heard`: when a supervisor heard of each case, in the database's seconds."""
    broken, rang_s, told_s = list[str](), list[float](), list[float]()
    for row in rows:
        case, way = row["id"], WAYS[int(row["station"].removeprefix("s"))]
        if way == "answers":
            if not row["answered"]:
                broken.append(f"case {case} was acknowledged and does not count as seen")
            if row["rang_at"] is not None or case in heard:
                broken.append(f"case {case} was acknowledged in time and a supervisor was alarmed")
            continue
        if row["rang_at"] is None:
            broken.append(f"case {case} waits in silence ({way})")
            continue
        rang_s.append(round(row["rang_at"] - row["fell_at"], 3))
        if case in heard:
            told_s.append(round(heard[case] - row["fell_at"], 3))
        else:
            broken.append(f"case {case}: the alarm reached no supervisor ({way})")
    return {"escalations": len(rows), "silent": sorted({r["station"] for r in rows}), "rang_s": rang_s,
            "told_s": told_s, "broken": broken}  # fmt: skip


def judge(tally: Tally) -> Found:
    told, rang = figures(tally["told_s"]), figures(tally["rang_s"])
    early = min(tally["rang_s"], default=0.0)
    late = max(tally["told_s"], default=0.0)
    return judged(
        tally["escalations"],
        {"ways": len(set(tally["silent"])), "alarm_s": rang, "alarm_s_min": early, "heard_s": told},
        tally["broken"],
        (
            (early >= ALARM_S - APART_S, f"an alarm rang after {early} s, before {ALARM_S - APART_S} s"),
            (late <= ALARM_S + APART_S, f"a supervisor heard after {late} s, above {ALARM_S + APART_S} s"),
        ),
    )


ROW = Row(("A15",), {Profile.SHORT: 1, Profile.GATE: 7}, run, {"A15": judge})
