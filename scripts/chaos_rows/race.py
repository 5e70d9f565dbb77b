"""Fifty thumbs on one card: the contested case of A1, and of the rows that hurt it."""

import asyncio
import contextlib
import random
import secrets
import time
from dataclasses import dataclass
from uuid import UUID

import msgspec

from dispatch.cases import views
from scripts.chaos_rows import places
from scripts.chaos_rows.claims import Claimed, claim
from scripts.chaos_rows.crew import Phone, attempt
from scripts.chaos_rows.ground import Accepted, Ground
from scripts.chaos_rows.record import Record
from scripts.checker.history import Kind
from scripts.simulator.http import Unanswered

WITHIN_S = 0.02  # a thumb's delay after the card came
SHOWN_S = 5.0


@dataclass(frozen=True, slots=True)
class Raced:
    """One case and all claims for it. `claimers`: whose claims were sent."""

    accepted: Accepted
    claims: list[Claimed]
    shown: int
    shown_s: float

    @property
    def winners(self) -> list[Claimed]:
        """One for each officer who was told to have won."""
        return list({c.phone.login: c for c in self.claims if c.won}.values())


@dataclass(slots=True)
class Plan:
    """Who claims, and how. `duplicates`: every n-th sends the same claim twice, over both ways at once."""

    station: int
    words: str
    claimers: list[Phone]
    dice: random.Random
    category: str = "real"
    duplicates: int = 10
    reads: int = 4
    limit_s: float = 30.0
    start: asyncio.Event | None = None


async def race(ground: Ground, plan: Plan, record: Record) -> Raced:
    """Reports a case; each claimer claims within 20 ms of being shown it. Returns when every outcome is known.

    With `start` given the claims wait for it. Claimers who were not shown the case in SHOWN_S do not claim.
    """
    running: list[asyncio.Task[Claimed]] = []
    over_http = {p.login: plan.dice.random() < 0.5 for p in plan.claimers}
    delay_s = {p.login: plan.dice.uniform(0, WITHIN_S) for p in plan.claimers}
    wanted = {p.login for p in plan.claimers}
    twice = {p.login for n, p in enumerate(plan.claimers) if plan.duplicates and n % plan.duplicates == 0}
    began = time.monotonic()
    last = began

    async def thumb(phone: Phone, case: UUID, round_: int, key: str, http: bool) -> Claimed:
        if plan.start is not None:
            await plan.start.wait()
        await asyncio.sleep(delay_s[phone.login])
        return await claim(phone, case, round_, key, record, over_http=http, limit_s=plan.limit_s)

    def shown(phone: Phone, message: views.Sent, now: float) -> None:
        nonlocal last
        offers = message.offers if isinstance(message, views.Snapshot) else (message,)
        for offer in offers:
            if isinstance(offer, views.Offer) and offer.words == plan.words and phone.login in wanted:
                wanted.discard(phone.login)
                last = now
                key, http = secrets.token_urlsafe(24), over_http[phone.login]
                for way in (http, not http) if phone.login in twice else (http,):
                    running.append(asyncio.create_task(thumb(phone, offer.case, offer.round, key, way)))

    with ground.crew.watched(shown):
        accepted = await ground.report(plan.category, plan.words, ground.place(plan.station, plan.dice))
        reads = asyncio.create_task(_read(ground, plan, accepted.case, record))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHOWN_S):
                while wanted:  # noqa: ASYNC110 - told by sockets
                    await asyncio.sleep(0.01)
    claims = list(await asyncio.gather(*running))
    await reads
    return Raced(accepted, claims, len(plan.claimers) - len(wanted), last - began)


async def _read(ground: Ground, plan: Plan, case: UUID, record: Record) -> None:
    """The desk looks at the case again and again."""
    desk = ground.crew.desks[places.station(plan.station)]
    for _ in range(plan.reads):
        await read_once(desk, case, record)
        await asyncio.sleep(plan.dice.uniform(0, 0.05))


async def read_once(desk: Phone, case: UUID, record: Record) -> None:
    """One read of the case by its desk; a status that the model does not know says nothing."""
    call = record.call(desk.login, "read", case)
    try:
        answer = await attempt(desk.person, "GET", f"/v1/cases/{case}")
        if answer.status == 200:
            seen = msgspec.json.decode(answer.body, type=views.DeskCase)
            if seen.status in ("offered", "claimed", "at_station"):
                call.done(Kind.OK, {"status": seen.status, "officers": [str(h.officer) for h in seen.holders]})
                return
    except Unanswered:
        pass
    call.done(Kind.INFO)


async def judge_races(ground: Ground, races: list[Raced], record: Record) -> list[str]:
    """What broke in contested cases: the histories, what the winners and losers were told, and the record."""
    broken = record.broken()
    ids = [r.accepted.case for r in races]
    rows = await ground.rows(
        "SELECT c.id, c.status, (SELECT array_agg(a.officer_id) FROM assignments a WHERE a.case_id = c.id) AS seats, "
        "(SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.kind = 'claimed') AS won "
        "FROM cases c WHERE c.id = ANY ($1)",
        ids,
    )
    stored = {row["id"]: row for row in rows}
    for one in races:
        broken += _judge_one(one, stored.get(one.accepted.case))
    return broken


def _judge_one(one: Raced, row: "object | None") -> list[str]:
    case, winners = one.accepted.case, [c.phone.officer for c in one.winners]
    if row is None:
        return [f"case {case} was accepted and is not in the record"]
    seats = list(row["seats"] or ())  # type: ignore[index]
    broken = []
    if len(winners) > 1:
        broken.append(f"case {case}: {len(winners)} officers were told that they won")
    if len(seats) > 1 or row["won"] > 1:  # type: ignore[index]
        broken.append(f"case {case}: {len(seats)} seats were granted")
    if one.claims and not seats:
        broken.append(f"case {case}: {len(one.claims)} claims were made in time and nobody won")
    told = {c.phone.officer: c for c in one.claims}
    for officer in seats:
        if officer in told and told[officer].answer not in ("won", None):
            broken.append(f"case {case}: its winner was told {told[officer].answer}")
    if any(officer not in seats for officer in winners):
        broken.append(f"case {case}: somebody was told won and has no seat")
    return broken
