"""A steady flow of reports, officers who take some of the cases, and what must be true of all of them at the end."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from dispatch.cases import views
from scripts.chaos_rows.claims import Claimed, claim
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import STATIONS, Accepted, Ground
from scripts.chaos_rows.record import Record
from scripts.simulator.doors import Turned
from scripts.simulator.http import Unanswered

REACTION_S: Final = (0.2, 1.5)
REST_S: Final = 3.0  # between two claims of one officer: the limit of claims a minute stays far away
SETTLED_S: Final = 30.0


@dataclass(slots=True)
class Reports:
    """What their senders know: `accepted`, and keys that were never answered."""

    accepted: list[Accepted] = field(default_factory=list)
    sent: int = 0
    unanswered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def took_s(self) -> list[float]:
        """From the first sending to the answer, with all repetitions."""
        return [round(one.acked - one.first, 4) for one in self.accepted]


async def flow(
    ground: Ground,
    words: str,
    *,
    count: int,
    per_s: float,
    category: str = "quick",
    seed: object = "",
    stations: int = STATIONS,
) -> Reports:
    """`count` reports, evenly in time whatever becomes of each, all over the town."""
    reports, dice = Reports(), ground.dice(f"{words}:{seed}")

    async def one(number: int, place_dice: random.Random) -> None:
        key = secrets.token_urlsafe(24)
        try:
            place = ground.place(number % stations, place_dice)
            reports.accepted.append(await ground.report(category, f"{words}{number}", place, key=key))
        except Unanswered:
            reports.unanswered.append(key)
        except Turned as error:
            reports.refused.append(str(error))

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(began + number / per_s - time.monotonic())
            reports.sent += 1
            group.create_task(one(number, random.Random(f"{dice.random()}")))
    return reports


@dataclass(slots=True)
class Takers:
    """Officers who claim what they are shown: `share` of the cards whose words begin with `words`."""

    ground: Ground
    words: str
    share: float
    record: Record = field(default_factory=Record)
    claims: list[Claimed] = field(default_factory=list)
    _offered: set[UUID] = field(default_factory=set)
    _rested: dict[str, float] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """They claim while the body lasts; at the end every claim is brought to its outcome."""
        with self.ground.crew.watched(self._shown):
            yield
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _shown(self, phone: Phone, message: views.Sent, now: float) -> None:
        offers = message.offers if isinstance(message, views.Snapshot) else (message,)
        for offer in offers:
            if not isinstance(offer, views.Offer) or not offer.words.startswith(self.words):
                continue
            mood = random.Random(f"{self.ground.seed}:{phone.login}:{offer.words}:{offer.round}")
            if mood.random() < self.share and now - self._rested.get(phone.login, 0.0) > REST_S:
                self._rested[phone.login] = now
                task = asyncio.create_task(self._take(phone, offer, mood))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _take(self, phone: Phone, offer: views.Offer, mood: random.Random) -> None:
        if offer.case not in self._offered:
            self._offered.add(offer.case)
            self.record.call("sweeper", "fall_back", offer.case)  # at any time from now on, or never
        await asyncio.sleep(mood.uniform(*REACTION_S))
        key, over_http = secrets.token_urlsafe(24), mood.random() < 0.5
        claimed = await claim(phone, offer.case, offer.round, key, self.record, over_http=over_http, limit_s=45)
        self.claims.append(claimed)
        if claimed.won:
            await self.ground.clear(phone, claimed.case, claimed.fence)


Deed = Callable[[], Awaitable[None]]


async def every(seconds: float, times: int, deed: Deed) -> None:
    """Does it `times` times, one in each `seconds`."""
    for _ in range(times):
        await asyncio.sleep(seconds)
        await deed()


LOST = "SELECT id, words, status FROM cases WHERE words LIKE $1 || '%'"
TIMES = """
SELECT c.id, c.status, c.desk_reason,
       extract(epoch FROM c.escalated_at - c.offer_deadline)::float8 AS late_s,
       (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'fell_back') AS fell,
       (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'claimed') AS won,
       (SELECT count(*) FROM assignments a WHERE a.case_id = c.id) AS seats,
       (SELECT array_agg(a.officer_id) FROM assignments a WHERE a.case_id = c.id) AS who
FROM cases c WHERE c.words LIKE $1 || '%'"""


async def lost_or_doubled(ground: Ground, words: str, reports: Reports) -> list[str]:
    """A sentence for each report that was accepted and is not there, or is there twice."""
    rows = await ground.rows(LOST, words)
    there = {row["id"] for row in rows}
    broken = [f"case {one.case} was accepted and is lost" for one in reports.accepted if one.case not in there]
    by_words: dict[str, int] = {}
    for row in rows:
        by_words[row["words"]] = by_words.get(row["words"], 0) + 1
    broken += [f"the report {text!r} is {count} cases" for text, count in by_words.items() if count > 1]
    return broken + [f"a report was refused: {why}" for why in reports.refused]


async def settled(ground: Ground, words: str, timeout_s: float = SETTLED_S) -> list[str]:
    """Waits until no case of these is open any more: a sentence for each that still is."""
    ends = time.monotonic() + timeout_s
    while True:
        rows = await ground.rows(LOST, words)
        open_ = [row for row in rows if row["status"] in ("received", "offered")]
        if not open_ or time.monotonic() > ends:
            return [f"case {row['id']} is still {row['status']}" for row in open_]
        await asyncio.sleep(0.25)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the record says of cases that may be taken or fall back."""

    broken: list[str]
    late_s: list[float]
    claimed: int
    fell_back: int
    at_once: int


async def outcomes(ground: Ground, words: str, takers: Takers | None = None) -> Outcomes:
    """Each case has one answer, never early, and its winner was told so."""
    broken, late_s, claimed, at_once = [], [], 0, 0
    told: dict[UUID, set[UUID]] = {}
    for one in takers.claims if takers else ():
        if one.won and one.phone.officer is not None:
            told.setdefault(one.case, set()).add(one.phone.officer)
    for row in await ground.rows(TIMES, words):
        case, winners = row["id"], told.get(row["id"], set())
        if row["won"] + row["fell"] > 1 or row["seats"] > 1:
            broken.append(f"case {case} was claimed {row['won']} times and fell back {row['fell']} times")
        if len(winners) > 1 or (winners and not winners <= set(row["who"] or ())):
            broken.append(f"case {case}: {len(winners)} officers were told that they won it")
        if row["fell"] and row["late_s"] is not None:
            late_s.append(round(row["late_s"], 4))
            if row["late_s"] < 0:
                broken.append(f"case {case} fell back {-row['late_s']:.3f} s early")
        claimed += row["won"]
        at_once += row["desk_reason"] == "nobody_near"
    if takers is not None:
        broken += takers.record.broken()
        broken += [f"a claim for {c.case} was never answered" for c in takers.claims if c.answer is None]
    return Outcomes(broken, late_s, claimed, len(late_s), at_once)
