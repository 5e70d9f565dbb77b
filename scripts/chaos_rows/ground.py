"""Where rows play: a fleet, its people, and an owner's eye on the database."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch.cases.values import Disposition
from gateway.wire.messages import Arrived, Cleared, Report, Reported
from geo.point import Point
from scripts.chaos_rows import places
from scripts.chaos_rows.crew import Crew, Phone, attempt
from scripts.fleet import Fleet, Shape
from scripts.simulator.doors import Doors, Person, decoded, passing, turned
from scripts.simulator.http import Unanswered

STATIONS: Final = 5
OFFICERS_EACH: Final = 50
OWNERS_MAX: Final = 48
"""The owner's connections. A gate block of A4 holds about fifteen rows at once, some of them for 3 s."""
PATIENCE_S: Final = 60.0
CLEARS_AT_ONCE: Final = 8  # of one desk; its socket takes a few more
KNOWN_S: Final = 1.0  # until every process has heard where everybody is
REPORTERS: Final = 10_000  # numbers of people who report begin here


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report as its sender knows it: `first` and `acked` are monotonic seconds, `attempts` how often it was sent."""

    key: str
    case: UUID
    receipt: str
    status: str
    first: float
    acked: float
    attempts: int


@dataclass(slots=True)
class Ground:
    """One fleet with its crew. `clock_s`: the database's Unix time minus this process's monotonic seconds."""

    fleet: Fleet
    crew: Crew
    doors: Doors
    owner: "asyncpg.Pool[asyncpg.Record]"
    seed: int
    histories: Path
    clock_s: float = 0.0
    reporters: int = REPORTERS
    notes: list[str] = field(default_factory=list)

    def dice(self, word: object) -> random.Random:
        """Chance of its own for every purpose, all from the seed."""
        return random.Random(f"{self.seed}:{word}")

    async def set_clock(self) -> None:
        """Compares the clocks; the machine is one, so a few milliseconds are all that is between them."""
        best = 1.0
        for _ in range(5):
            before = time.monotonic()
            there = await self.owner.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
            after = time.monotonic()
            if after - before < best:
                best, self.clock_s = after - before, float(there) - (before + after) / 2

    def reporter(self) -> Person:
        """Somebody new, with an address of their own."""
        self.reporters += 1
        return Person(self.doors, self.reporters)

    async def report(
        self, category: str, words: str, place: Point, *, key: str | None = None, limit_s: float = PATIENCE_S
    ) -> Accepted:
        """A report, sent until it is answered, with one key. Raises: Unanswered, Turned."""
        person, key = self.reporter(), key or secrets.token_urlsafe(24)
        body = msgspec.json.encode(Report(category=category, words=words, lat=place.lat, lon=place.lon))
        first, attempts = time.monotonic(), 0
        while True:
            attempts += 1
            try:
                answer = await attempt(person, "POST", "/v1/reports", body, Idempotency_Key=key)
                if answer.status < 300:
                    told = decoded(answer, Reported)
                    return Accepted(key, told.case, told.receipt, told.status, first, time.monotonic(), attempts)
                if not passing(answer):
                    raise turned(answer)
                person.move_on()
            except Unanswered:
                pass
            if time.monotonic() - first > limit_s:
                raise Unanswered(f"a report was not accepted within {limit_s:.0f} s, {attempts} attempts")
            await asyncio.sleep(random.uniform(0.05, 0.3))

    def place(self, station: int, dice: random.Random) -> Point:
        """Near the middle of a station."""
        centre = places.middle(station)
        return Point(centre.lat + dice.uniform(-0.002, 0.002), centre.lon + dice.uniform(-0.002, 0.002))

    async def until_shown(self, case: UUID, phones: list[Phone], timeout_s: float = 10.0) -> bool:
        """Whether all of them were shown the case in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not all(case in phone.shown for phone in phones):  # noqa: ASYNC110 - told by a socket
                    await asyncio.sleep(0.01)
                return True
        return False

    async def clear(self, phone: Phone, case: UUID, fence: int) -> bool:
        """The winner goes there and is free again."""
        for message in (
            Arrived(case=case, fence=fence, key=secrets.token_urlsafe(24)),
            Cleared(case=case, fence=fence, key=secrets.token_urlsafe(24), disposition=Disposition.FOUNDED),
        ):
            result = await phone.act(message, message.key)
            if result is None or (not result.ok and result.reason != "closed"):
                why = result.reason if result else f"no answer:{phone.doubts[-200:]}"
                self.notes.append(f"{phone.login} could not clear {case}: {why}")
                return False
        return True

    async def desk_clears(self, words: str) -> None:
        """Ends whatever cases of a row still stand at a desk; called after the row was judged."""
        rows = await self.rows(
            "SELECT id, station FROM cases WHERE words LIKE $1 AND status = 'at_station'", words + "%"
        )
        turns = {station: asyncio.Semaphore(CLEARS_AT_ONCE) for station in self.crew.desks}

        async def one(case: UUID, station: str) -> None:
            async with turns[station]:
                key = secrets.token_urlsafe(24)
                end = Cleared(case=case, key=key, disposition=Disposition.ADVICE_GIVEN)
                await self.crew.desks[station].act(end, key)

        await asyncio.gather(*(one(row["id"], row["station"]) for row in rows if row["station"] in turns))

    async def rows(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """What the owner reads."""
        return list(await self.owner.fetch(query, *values))

    async def heal(self) -> float:
        """Everything is whole again, everybody in touch; seconds it took."""
        began = time.monotonic()
        self.fleet.heal()
        await self.fleet.ready()
        await self.crew.until_in_touch()
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def open_ground(
    folder: Path,
    seed: int,
    histories: Path,
    *,
    stations: int = STATIONS,
    officers: int = OFFICERS_EACH,
    shape: Shape | None = None,
) -> AsyncIterator[Ground]:
    """A fresh fleet on empty stores with everybody on duty. Raises: StoresError, ChildError, TimeoutError."""
    town = places.town(stations, stations * officers)
    async with Fleet(folder, town, shape, seed=seed) as fleet:
        signed = msgspec.json.decode(fleet.credentials.read_bytes())["people"]
        people = [
            (p["role"], p["login"], p["password"], p["station"])
            for p in signed
            if p["role"] in ("officer", "desk") and p["station"] != "other"
        ]
        doors = Doors(fleet.urls)
        crew = Crew(doors, seed)
        owner = await asyncpg.create_pool(fleet.stores.database_url, min_size=0, max_size=OWNERS_MAX)
        try:
            async with crew.on_duty(people):
                ground = Ground(fleet, crew, doors, owner, seed, histories)
                await ground.set_clock()
                await asyncio.sleep(KNOWN_S)
                yield ground
        finally:
            owner.terminate()
            await doors.close()
