"""A4 and A5, on the same real minutes: the boundary of the 60 s has one answer, and the timer is never early.

A4: a claim at a random moment of the second around each deadline, half of them behind a row lock that another
session holds for up to 3 s and then commits or rolls back. A5: offers spread over a minute that nobody answers.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from dispatch.cases import views
from scripts.chaos_rows import places
from scripts.chaos_rows.claims import Claimed, claim
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most

AROUND_S = 0.5
HELD_S_MAX = 3.0
IN_GOOD_TIME_S = 0.15
SETTLE_S = 4.0
LATE_S = {"p50": 0.3, "p99": 1.0, "max": 2.0}
TOLD_S_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many cases are claimed at their deadline and how many by nobody, reported over `spread_s`.

    That is less than a window: nobody holds a case yet while others are reported, so everybody is shown theirs.
    """

    claimed: int
    quiet: int
    spread_s: float
    category: str = "real"
    window_s: float = 60.0


SIZES = {Profile.SHORT: Size(250, 500, 40.0), Profile.GATE: Size(1_000, 2_000, 58.0)}


@dataclass(frozen=True, slots=True)
class Edge:
    """One case of A4. `lock`: seconds that its row is held, and whether the holder commits; None: not held.

    `ahead_s`: how long before the deadline the claim was sent; negative after it.
    """

    case: UUID
    ahead_s: float
    lock: tuple[float, bool] | None
    claimed: Claimed | None


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """About two minutes: everything is reported, then the windows close one after another."""
    boundary, timer = await play(ground, SIZES[profile], block, ("A4", "A5"))
    return {"A4": boundary, "A5": timer}


async def play(ground: Ground, size: Size, block: int, names: tuple[str, str]) -> tuple[Tally, Tally]:
    """The cases of `names[0]` are claimed, those of `names[1]` are not; the boundary's tally and the timer's."""
    dice, record = ground.dice(f"{names[0]}:{block}"), Record()
    claimed, quiet = (f"{name} {block} " for name in names)
    at_desk: dict[UUID, float] = {}

    def screen(phone: Phone, message: views.Sent, now: float) -> None:
        if isinstance(message, views.DeskCase) and message.status == "at_station":
            at_desk.setdefault(message.case, now)

    with ground.crew.watched(screen):
        async with asyncio.TaskGroup() as group:
            edges = [
                group.create_task(_edge(ground, Random(f"{dice.random()}"), size, f"{claimed}{n}", n, record))
                for n in range(size.claimed)
            ]
            for number in range(size.quiet):
                group.create_task(_quiet(ground, Random(f"{dice.random()}"), size, f"{quiet}{number}", number))
        await asyncio.sleep(SETTLE_S)
    found = [task.result() for task in edges]
    boundary = await _boundary(ground, found, record)
    if boundary["broken"]:
        record.write(ground.histories / f"{claimed.strip().replace(' ', '-')}.jsonl")
    timer = await _timer(ground, quiet, at_desk)
    await ground.desk_clears(claimed)
    await ground.desk_clears(quiet)
    return boundary, timer


async def _quiet(ground: Ground, dice: Random, size: Size, words: str, number: int) -> None:
    await asyncio.sleep(dice.uniform(0, size.spread_s))
    await ground.report(size.category, words, ground.place(number % STATIONS, dice))
    await asyncio.sleep(size.window_s)


async def _edge(ground: Ground, dice: Random, size: Size, words: str, number: int, record: Record) -> Edge:
    await asyncio.sleep(dice.uniform(0, size.spread_s))
    station = number % STATIONS
    phones = ground.crew.officers[places.station(station)]
    phone = phones[(number // STATIONS) % len(phones)]
    accepted = await ground.report(size.category, words, ground.place(station, dice))
    await ground.until_shown(accepted.case, [phone])
    if accepted.case not in phone.shown:
        return Edge(accepted.case, 0.0, None, None)
    # The case may fall back at any time from now on, for all that the history knows.
    record.call("sweeper", "fall_back", accepted.case)
    deadline = await ground.owner.fetchval(
        "SELECT extract(epoch FROM offer_deadline)::float8 FROM cases WHERE id = $1", accepted.case
    )
    fire = float(deadline) - ground.clock_s + dice.uniform(-AROUND_S, AROUND_S)
    lock = (dice.uniform(0, HELD_S_MAX), number % 4 == 0) if number % 2 == 0 else None
    key, over_http = secrets.token_urlsafe(24), dice.random() < 0.5
    async with asyncio.TaskGroup() as group:
        if lock is not None:
            group.create_task(_hold(ground, accepted.case, fire - 0.05, *lock))
        await asyncio.sleep(max(0.0, fire - time.monotonic()))
        round_ = phone.shown[accepted.case][0].round
        claimed = await claim(phone, accepted.case, round_, key, record, over_http=over_http, limit_s=15)
    if claimed.won:
        await ground.clear(phone, accepted.case, claimed.fence)
    return Edge(accepted.case, float(deadline) - ground.clock_s - fire, lock, claimed)


async def _hold(ground: Ground, case: UUID, at: float, seconds: float, commit: bool) -> None:
    """Locks the row as another session, writes to it, and commits or rolls back."""
    async with ground.owner.acquire() as one:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        transaction = one.transaction()
        await transaction.start()
        await one.execute("UPDATE cases SET alarms = alarms WHERE id = $1", case)
        await asyncio.sleep(seconds)
        await (transaction.commit() if commit else transaction.rollback())


EDGES = """
SELECT c.id, c.status, c.offer_deadline, c.claimed_at, c.escalated_at,
       (SELECT min(a.claimed_at) FROM assignments a WHERE a.case_id = c.id) AS seated_at,
       (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'claimed') AS won,
       (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'fell_back') AS fell
FROM cases c WHERE c.id = ANY ($1)"""


async def _boundary(ground: Ground, edges: list[Edge], record: Record) -> Tally:
    rows = {row["id"]: row for row in await ground.rows(EDGES, [edge.case for edge in edges])}
    broken = record.broken()
    for edge in edges:
        broken += _judge_edge(edge, rows[edge.case])
    claims = [edge.claimed for edge in edges if edge.claimed is not None]
    return {
        "cases": len(edges),
        "claimed": sum(c.won for c in claims),
        "not_shown": sum(edge.claimed is None for edge in edges),
        "waited_in_vain": sum(_in_vain(edge) for edge in edges),
        "locked": sum(edge.lock is not None for edge in edges),
        "unresolved": sum(c.answer is None for c in claims),
        "fell_back": sum(row["fell"] for row in rows.values()),
        "broken": broken,
    }


def _in_vain(edge: Edge) -> bool:
    """Sent in good time for a case that nobody held, and not won: it stood behind others that waited for a lock."""
    return edge.lock is None and edge.ahead_s > IN_GOOD_TIME_S and edge.claimed is not None and not edge.claimed.won


def _judge_edge(edge: Edge, row: asyncpg.Record) -> list[str]:
    case, broken = edge.case, []
    if row["won"] + row["fell"] != 1:
        broken.append(f"case {case} was claimed {row['won']} times and fell back {row['fell']} times")
    if row["seated_at"] is not None and row["seated_at"] >= row["offer_deadline"]:
        broken.append(f"case {case} was claimed at {row['seated_at']}, its deadline was {row['offer_deadline']}")
    if row["fell"] and row["escalated_at"] < row["offer_deadline"]:
        broken.append(f"case {case} fell back before its deadline")
    if edge.claimed is not None and edge.claimed.won != bool(row["won"]) and edge.claimed.answer is not None:
        broken.append(f"case {case}: its claimant was told {edge.claimed.answer}, the record says otherwise")
    return broken


TIMER = """
SELECT c.id, extract(epoch FROM c.escalated_at - c.offer_deadline)::float8 AS late_s,
       extract(epoch FROM c.escalated_at)::float8 AS at_s, c.desk_reason,
       (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'fell_back') AS fell
FROM cases c WHERE c.words LIKE $1 || '%'"""


async def _timer(ground: Ground, words: str, at_desk: Mapping[UUID, float]) -> Tally:
    rows = await ground.rows(TIMER, words)
    return timer_tally(rows, at_desk, ground.clock_s)


def timer_tally(rows: list[asyncpg.Record], at_desk: Mapping[UUID, float], clock_s: float) -> Tally:
    """How late each unanswered offer fell back, and how long after that a desk's screen showed it."""
    broken, late_s, told_s = [], [], []
    for row in rows:
        if row["fell"] != 1 or row["late_s"] is None:
            broken.append(f"case {row['id']} fell back {row['fell']} times ({row['desk_reason']})")
            continue
        late_s.append(round(row["late_s"], 4))
        if row["late_s"] < 0:
            broken.append(f"case {row['id']} fell back {-row['late_s']:.3f} s early")
        if row["id"] in at_desk:
            told_s.append(round(at_desk[row["id"]] + clock_s - row["at_s"], 4))
        else:
            broken.append(f"case {row['id']} was never shown at its desk")
    return {"offers": len(rows), "late_s": late_s, "told_s": told_s, "broken": broken}


def judge_boundary(tally: Tally) -> Found:
    figure = {k: tally[k] for k in ("claimed", "fell_back", "locked", "waited_in_vain")}
    return judged(
        tally["cases"],
        {"two_answers": len(tally["broken"]), **figure},
        tally["broken"],
        (
            (tally["unresolved"] == 0, f"{tally['unresolved']} claims were never answered"),
            (tally["not_shown"] == 0, f"{tally['not_shown']} claimants were not shown their case"),
            (tally["claimed"] > 0 and tally["fell_back"] > 0, "only one side of the boundary was seen"),
        ),
    )


def judge_timer(tally: Tally) -> Found:
    late: dict[str, Any] = figures(tally["late_s"])
    told = figures(tally["told_s"])
    checks = [(most(late[k], limit), f"late {k} was {late[k]} s, above {limit} s") for k, limit in LATE_S.items()]
    checks.append((most(told["max"], TOLD_S_MAX), f"a desk saw it {told['max']} s later, above {TOLD_S_MAX} s"))
    early = sum(s < 0 for s in tally["late_s"])
    return judged(tally["offers"], {"early": early, "late_s": late, "desk_s": told}, tally["broken"], checks)


ROW = Row(
    ("A4", "A5"),
    {Profile.SHORT: 1, Profile.GATE: 5},
    run,
    {"A4": judge_boundary, "A5": judge_timer},
)
