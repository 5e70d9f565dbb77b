"""B13: whoever waits sees the officer come, fresh enough, and nobody any more once the way is over.

An officer sets out 900 m away and comes, one fix a second; the reporter's and the desk's sockets are watched. Then the
way ends (arrived, handed back, given to another, withdrawn), and the old phone goes on sending where it is.
"""

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases import views
from dispatch.cases.values import Disposition
from gateway.wire.messages import Arrived, Assign, Cleared, HandBack, SetOut, Withdraw
from geo.point import Point
from scripts.chaos_rows import places
from scripts.chaos_rows.claims import claim
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import STATIONS, Accepted, Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most, percentile
from scripts.chaos_rows.viewer import Viewer

ENDS: Final = ("arrived", "handed_back", "reassigned", "withdrawn")
CASES_EACH: Final = 4  # of a station, each ending otherwise
FIRST_M: Final = 900.0
LAST_M: Final = 100.0
STEPS: Final = 16  # so that the last 500 m are shown as they are before the way ends
AFTER_S: Final = 7.0  # longer than a position is held back: what slips out comes in this time
OVER_S: Final = 1.0
LIMITS: Final = {"reporter": 8.0, "desk": 3.0}  # p95 of a position's age, s
COARSE_M: Final = 100.0  # a place that is known no better says nothing of its age
SAME_DEGREES: Final = 0.000_2  # 22 m: less than half a step
METRES_A_DEGREE: Final = 111_320.0


@dataclass(slots=True)
class Way:
    """One officer's way to one case. `fixes`: where, and when it was sent; `ended`: when the act was answered."""

    case: UUID
    phone: Phone
    fence: int
    call_sign: str = ""
    fixes: list[tuple[Point, float]] = field(default_factory=list)
    ended: float = 0.0


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    dice = ground.dice(f"B13:{block}")
    tally: dict[str, Any] = {"ways": 0, "ends": [], "reporter_s": [], "desk_s": [], "broken": []}

    async with asyncio.TaskGroup() as group:
        for number in range(STATIONS):
            phones = list(ground.crew.officers[places.station(number)])
            dice.shuffle(phones)
            for turn in range(CASES_EACH):
                words, two = f"B13 {block} {number}.{turn}", phones[2 * turn : 2 * turn + 2]
                group.create_task(_one(ground, number, words, ENDS[turn % len(ENDS)], two, tally))
    await ground.desk_clears(f"B13 {block} ")
    return {"B13": tally}


async def _one(ground: Ground, number: int, words: str, end: str, two: list[Phone], tally: dict[str, Any]) -> None:
    desk = ground.crew.desks[places.station(number)]
    phone, other = two
    accepted = await ground.report("real", words, places.middle(number))
    broken = tally["broken"]
    if not await ground.until_shown(accepted.case, [phone]):
        broken.append(f"case {accepted.case} was not shown to {phone.login}")
        return
    reporter = ground.reporter()
    await reporter.open_receipt(accepted.receipt)
    viewer = Viewer(reporter)
    await viewer.open()
    listening = asyncio.create_task(viewer.listen(120))
    live: list[tuple[views.Moved, float]] = []

    def heard(who: Phone, message: views.Sent, now: float) -> None:
        if who is desk:
            live.extend((moved, now) for moved in _moves(message) if moved.officer == phone.officer)

    with ground.crew.watched(heard):
        way = await _go(ground, accepted, phone, broken)
        if way is not None:
            await _end(ground, way, end, other, desk, accepted, broken)
            await _walk(way, LAST_M, LAST_M / 2, int(AFTER_S))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await viewer.close()
    if way is None:
        return
    shown = [(moved, one.at) for one in viewer.heard for moved in _moves(one.message)]
    tally["reporter_s"] += ages(way, shown)
    tally["desk_s"] += ages(way, live)
    broken += after_the_end(way, shown)
    tally["ways"] += 1
    tally["ends"].append(end)
    await _tidy(ground, way, end, accepted)


async def _go(ground: Ground, accepted: Accepted, phone: Phone, broken: list[str]) -> Way | None:
    """Wins it, sets out and comes near; None where it was not won."""
    phone.place = _at(accepted, ground, FIRST_M)
    await phone.fix()
    key = secrets.token_urlsafe(24)
    round_ = phone.shown[accepted.case][0].round
    won = await claim(phone, accepted.case, round_, key, Record(), over_http=False)
    going = SetOut(case=accepted.case, fence=won.fence, key=secrets.token_urlsafe(24))
    told = await phone.act(going, going.key) if won.won else None
    if told is None or not told.ok:
        broken.append(f"case {accepted.case}: {won.answer}, then {told}")
        return None
    way = Way(accepted.case, phone, won.fence)
    rows = await ground.rows("SELECT call_sign FROM officers WHERE id = $1", phone.officer)
    way.call_sign = rows[0]["call_sign"]
    await _walk(way, FIRST_M, LAST_M, STEPS)
    return way


def _at(accepted: Accepted, ground: Ground, metres: float) -> Point:
    """So far south of the case."""
    offer = next(p.shown[accepted.case][0] for p in ground.crew.all_officers if accepted.case in p.shown)
    number = int(offer.stream.removeprefix("s"))
    middle = places.middle(number)
    return Point(middle.lat - metres / METRES_A_DEGREE, middle.lon)


async def _walk(way: Way, first_m: float, last_m: float, steps: int) -> None:
    """A fix a second, nearer and nearer."""
    middle = Point(way.phone.place.lat + first_m / METRES_A_DEGREE, way.phone.place.lon)
    for step in range(steps):
        metres = first_m + (last_m - first_m) * step / max(1, steps - 1)
        way.phone.place = Point(middle.lat - metres / METRES_A_DEGREE, middle.lon)
        await way.phone.fix()
        way.fixes.append((way.phone.place, time.monotonic()))
        await asyncio.sleep(1.0)


async def _end(
    ground: Ground, way: Way, end: str, other: Phone, desk: Phone, accepted: Accepted, broken: list[str]
) -> None:
    key = secrets.token_urlsafe(24)
    told: Any
    if end == "arrived":
        told = await way.phone.act(Arrived(case=way.case, fence=way.fence, key=key), key)
    elif end == "handed_back":
        told = await way.phone.act(HandBack(case=way.case, fence=way.fence, key=key), key)
    elif end == "reassigned":
        assert other.officer is not None
        told = await desk.act(Assign(case=way.case, officer=other.officer, key=key), key)
    else:
        told = await _withdrawn(ground, accepted, key)
    way.ended = time.monotonic()
    if told is None or not told.ok:
        broken.append(f"case {way.case}: {end} was not done: {told}")


async def _withdrawn(ground: Ground, accepted: Accepted, key: str) -> views.Result:
    person = ground.reporter()
    await person.open_receipt(accepted.receipt)
    body = msgspec.json.encode(Withdraw(case=accepted.case, key=key))
    answer = await person.insist("POST", f"/v1/cases/{accepted.case}/acts", body)
    return msgspec.json.decode(answer.body, type=views.Result)


async def _tidy(ground: Ground, way: Way, end: str, accepted: Accepted) -> None:
    """Nobody keeps the case."""
    if end in ("handed_back", "reassigned"):
        await _withdrawn(ground, accepted, secrets.token_urlsafe(24))
    elif end == "arrived":
        key = secrets.token_urlsafe(24)
        over = Cleared(case=way.case, fence=way.fence, key=key, disposition=Disposition.FOUNDED)
        await way.phone.act(over, key)


def _moves(message: object) -> Iterator[views.Moved]:
    if isinstance(message, views.Moved):
        yield message
    elif isinstance(message, views.Moves):
        yield from message.moved


def ages(way: Way, shown: list[tuple[views.Moved, float]]) -> list[float]:
    """How old each shown position was: since the last fix from about there was sent. Coarse ones say nothing."""
    found = []
    for moved, at in shown:
        if moved.place is None or moved.place.within_m > COARSE_M:
            continue
        sent = [
            when
            for point, when in way.fixes
            if abs(point.lat - moved.place.lat) < SAME_DEGREES and when <= at
        ]  # fmt: skip
        if sent:
            found.append(round(at - max(sent), 3))
    return found


def after_the_end(way: Way, shown: list[tuple[views.Moved, float]]) -> list[str]:
    """Positions of this officer that came when they should not."""
    return [
        f"case {way.case}: its reporter was shown the officer {at - way.ended:.1f} s after the end"
        for moved, at in shown
        if moved.place is not None and moved.call_sign == way.call_sign and at > way.ended + OVER_S
    ]


def judge(tally: Tally) -> Found:
    p95 = {name: percentile(tally[f"{name}_s"], 0.95) for name in LIMITS}
    return judged(
        tally["ways"],
        {
            "ends": len(set(tally["ends"])),
            "positions": {name: len(tally[f"{name}_s"]) for name in p95},
            "age_p95_s": p95,
            "reporter_age_s": figures(tally["reporter_s"]),
            "desk_age_s": figures(tally["desk_s"]),
        },
        tally["broken"],
        (
            (most(p95[name], limit), f"a {name} saw positions of {p95[name]} s (p95), above {limit} s")
            for name, limit in LIMITS.items()
        ),
    )


ROW = Row(
    ("B13",),
    {Profile.SHORT: 1, Profile.GATE: 15},
    run,
    {"B13": judge},
    {"B13": "a session that is revoked while it is shown positions is left to tests/contract/test_session_races.py"},
)
