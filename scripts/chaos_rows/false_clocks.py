"""A7: processes whose clocks are wrong by minutes, or fast, change nothing of A4 and A5, and sign nobody out.

One fleet, three clocks: the first process of each role is 120 s behind, the second 120 s ahead, the third runs 2 %
fast; PostgreSQL and Redis keep the true time. Phones tell a time that is a year wrong in the only place where HTTP
lets them, the header Date: no message of the protocol has room for a phone's clock.
"""

import asyncio
import time
from collections.abc import Mapping
from email.utils import formatdate
from itertools import product
from typing import Any, Final

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from scripts.chaos_rows import edge
from scripts.chaos_rows.crew import FIX_S, attempt
from scripts.chaos_rows.edge import Size
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged
from scripts.clocks import lacking, wears
from scripts.fleet import Shape
from scripts.simulator.doors import Person, Turned
from scripts.simulator.http import Unanswered

SHAPE: Final = Shape(clocks=("-120", "+120", "+0 x1.02"))
SIZES: Final = {Profile.SHORT: Size(60, 90, 3.5, "quick", 4.0), Profile.GATE: Size(500, 500, 58.0)}
YEAR_S: Final = 365 * 86_400
APART_S_MAX: Final = 3  # between what two processes tell of one session's end: whole seconds, asked one after another
NAMES: Final = ("A7 edge", "A7 quiet")


class Me(msgspec.Struct):
    """Of GET /v1/me, what is asked here."""

    expires_in_s: int


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """First whether any process would turn away whom another let in; then A4 and A5 as they are."""
    parts = ground.fleet.parts.values()
    false = sum(wears(pid) for part in parts if (pid := ground.fleet.children.pid(part.name)) is not None)
    away_before = sum(phone.sent_away for phone in ground.crew.all_officers)
    ground.doors.more = (("Date", formatdate(time.time() + (-YEAR_S if block % 2 else YEAR_S), usegmt=True)),)
    try:
        broken, crossings = await _cross(ground)
        await asyncio.sleep(FIX_S)  # the fleet is fresh: by then every process has heard where everybody is
        boundary, timer = await edge.play(ground, SIZES[profile], block, NAMES)
    finally:
        ground.doors.more = ()
    tally: Tally = {f"edge_{name}": value for name, value in boundary.items()}
    tally |= {f"quiet_{name}": value for name, value in timer.items()}
    tally |= {
        "false_clocks": false,
        "processes": len(parts),
        "crossings": crossings,
        "signed_out": sum(phone.sent_away for phone in ground.crew.all_officers) - away_before,
        "broken": broken,
    }
    return {"A7": tally}


async def _cross(ground: Ground) -> tuple[list[str], int]:
    """A ticket of each process opens a socket of each; all tell the same end of one session."""
    broken, crossings = list[str](), 0
    phone = next(iter(ground.crew.desks.values()))
    webs = range(len(ground.fleet.webs))
    left: dict[int, int] = {}
    for there, here in product(webs, webs):
        giver, taker = (Person(ground.doors, phone.person.number, phone.person.token) for _ in range(2))
        giver.turn, taker.turn = there, here
        crossings += 1
        try:
            ticket = await giver.ticket()
            url = f"ws{taker.door.base.removeprefix('http')}/v1/socket?ticket={ticket}"
            async with connect(
                url,
                additional_headers={"X-Forwarded-For": taker.address},
                origin=giver.door.base,  # type: ignore[arg-type] # a NewType of str
                proxy=None,
                close_timeout=1,
            ):
                pass
            answer = await attempt(taker, "GET", "/v1/me")
            left[here] = msgspec.json.decode(answer.body, type=Me).expires_in_s
        except (InvalidHandshake, Turned, Unanswered, msgspec.MsgspecError) as error:
            broken.append(f"what {ground.fleet.webs[there].name} gave, {ground.fleet.webs[here].name} refused: {error}")
    if left and max(left.values()) - min(left.values()) > APART_S_MAX:
        broken.append(f"processes tell one session's end as {sorted(left.values())} s from now")
    return broken, crossings


def judge(tally: Tally) -> Found:
    boundary = edge.judge_boundary(_of(tally, "edge_"))
    timer = edge.judge_timer(_of(tally, "quiet_"))
    figure: dict[str, Any] = {name: tally[name] for name in ("false_clocks", "crossings", "signed_out")}
    return judged(
        boundary.n + timer.n,
        {**figure, "A4": dict(boundary.figure), "A5": dict(timer.figure)},
        [*tally["broken"], *tally["edge_broken"], *tally["quiet_broken"]],
        (
            (boundary.reached, f"A4: {boundary.reason}"),
            (timer.reached, f"A5: {timer.reason}"),
            (tally["signed_out"] == 0, f"{tally['signed_out']} people were signed out"),
            (tally["false_clocks"] == tally["processes"], f"only {tally['false_clocks']} processes had a false clock"),
        ),
    )


def _of(tally: Tally, prefix: str) -> Tally:
    return {name.removeprefix(prefix): value for name, value in tally.items() if name.startswith(prefix)}


ROW = Row(("A7",), {Profile.SHORT: 1, Profile.GATE: 2}, run, {"A7": judge}, shape=SHAPE, lacks=lacking)
