"""A town on either store: the same people, the same way to move time, so that one suite holds both to one contract."""

import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.memory.rows import CategoryRow, OfficerRow, Records, StationRow, Timer, utc
from dispatch.adapters.memory.store import MemoryCases
from dispatch.adapters.memory.watching import MemoryWatch
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.cases.facts import Answer
from dispatch.cases.ports import ActDraft, CaseStore, ClaimDraft, ReportDraft, WideDraft
from dispatch.watch.ports import WatchStore
from tests.conftest import Database

HASH, OTHER_HASH = "ab" * 32, "cd" * 32
LAT, LON = 32.06, 118.79
TICK_US = 40_000  # between two steps of a script: an order of events, and no minute by itself


class Ground(Protocol):
    """A store that can be furnished, and whose time can be moved."""

    store: CaseStore
    watch: WatchStore

    async def furnish(self, stations: Sequence[str], categories: Sequence[CategoryRow], officers: Sequence[OfficerRow],
                      ) -> None: ...  # fmt: skip

    async def advance(self, seconds: float) -> None:
        """Everything that was written is so much older afterwards."""

    async def rule(self, station: StationRow) -> None:
        """Gives a station its policies."""

    async def shift(self, officer: UUID, minutes: float) -> None:
        """The officer's shift ends so many minutes from now."""


@dataclass(slots=True)
class MemoryGround:
    us: int = 1_800_000_000_000_000
    records: Records = field(init=False)
    store: CaseStore = field(init=False)
    watch: WatchStore = field(init=False)

    def __post_init__(self) -> None:
        self.records = Records(lambda: self.us)
        self.store = MemoryCases(self.records)
        self.watch = MemoryWatch(self.records)

    async def furnish(
        self, stations: Sequence[str], categories: Sequence[CategoryRow], officers: Sequence[OfficerRow]
    ) -> None:
        for station in stations:
            self.records.add_station(station)
        self.records.categories = {c.id: c for c in categories}
        self.records.officers = {o.id: o for o in officers}

    async def rule(self, station: StationRow) -> None:
        self.records.stations[station.id] = station

    async def shift(self, officer: UUID, minutes: float) -> None:
        self.records.officers[officer].shift_ends_us = self.us + int(minutes * 60_000_000)

    async def advance(self, seconds: float) -> None:
        """Moved as in the database: what is written ages, so that both mean the same by it."""
        us = int(seconds * 1_000_000)
        for row in self.records.cases.values():
            row.received_us -= us
            row.deadline_us -= us
            for seat in row.seated:
                seat.watch_due_us = None if seat.watch_due_us is None else seat.watch_due_us - us
                seat.watch_after_us = None if seat.watch_after_us is None else seat.watch_after_us - us
            if row.core.hold_until is not None and row.desk is not None and row.desk.until_us is not None:
                row.core = replace(row.core, hold_until=row.core.hold_until - timedelta(seconds=seconds))
                row.desk = msgspec.structs.replace(row.desk, until_us=row.desk.until_us - us)
            if row.core.deadline is not None:
                row.core = replace(row.core, deadline=utc(row.deadline_us))
            if row.core.end.closed_at is not None:
                closed_at = row.core.end.closed_at - timedelta(microseconds=us)
                row.core = replace(row.core, end=replace(row.core.end, closed_at=closed_at))
        for at, timer in self.records.timers.items():
            self.records.timers[at] = Timer(timer.station, timer.due_us - us, timer.round, timer.wave)
        for officer in self.records.officers.values():
            if officer.shift_ends_us is not None:
                officer.shift_ends_us -= us


@dataclass(slots=True)
class PostgresGround:
    pool: Any
    store: CaseStore
    watch: WatchStore = field(init=False)

    def __post_init__(self) -> None:
        self.watch = PostgresWatch(self.pool)

    async def furnish(
        self, stations: Sequence[str], categories: Sequence[CategoryRow], officers: Sequence[OfficerRow]
    ) -> None:
        one: asyncpg.Connection
        async with self.pool.acquire() as one:
            await one.executemany("INSERT INTO stations (id, name, name_en) VALUES ($1, $1, $1)",
                                  [(s,) for s in stations])  # fmt: skip
            await one.executemany("INSERT INTO streams (stream) VALUES ($1)", [(s,) for s in stations])
            await one.executemany(
                "INSERT INTO categories (id, name, name_en, seats, window_ms, wave_ms, ack_ms, skill, check_in_s, "
                "priority, patience_ms) VALUES ($1, $1, $1, $2, $3, $4, $5, $6, $7, $8, $9)",
                [
                    (c.id, c.seats, c.window_ms, c.wave_ms, c.ack_ms, c.skill, c.check_in_s, c.priority, c.patience_ms)
                    for c in categories
                ],
            )
            await one.executemany(
                "INSERT INTO officers (id, call_sign, surname, station, on_duty, slots, skills) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [(o.id, o.call_sign, o.surname, o.station, o.on_duty, o.slots, sorted(o.skills)) for o in officers],
            )

    async def rule(self, station: StationRow) -> None:
        await self.pool.execute(
            "UPDATE stations SET cross_border = $2, hand_backs_max = $3 WHERE id = $1",
            station.id, str(station.border), station.hand_backs_max,
        )  # fmt: skip

    async def shift(self, officer: UUID, minutes: float) -> None:
        await self.pool.execute(
            "UPDATE officers SET shift_ends_at = clock_timestamp() + make_interval(secs => $2) WHERE id = $1",
            officer, minutes * 60,
        )  # fmt: skip

    async def advance(self, seconds: float) -> None:
        await self.pool.execute(
            """
            WITH older AS (SELECT make_interval(secs => $1) AS by),
                 moved AS (UPDATE deadlines SET due_at = due_at - older.by FROM older RETURNING 1),
                 ended AS (UPDATE officers SET shift_ends_at = shift_ends_at - older.by FROM older),
                 seats AS (UPDATE assignments SET watch_due = watch_due - older.by, watch_after = watch_after - older.by
                           FROM older RETURNING 1)
            UPDATE cases SET offer_deadline = offer_deadline - older.by, received_at = received_at - older.by,
                closed_at = closed_at - older.by,
                desk = CASE WHEN desk ? 'until_us' THEN jsonb_set(desk, '{until_us}', to_jsonb(
                    (desk ->> 'until_us')::bigint - (extract(epoch FROM older.by) * 1000000)::bigint)) ELSE desk END
            FROM older
            """,
            seconds,
        )


STOPPED = """
CREATE SCHEMA stopped;
CREATE TABLE stopped.clock (at timestamptz NOT NULL);
INSERT INTO stopped.clock VALUES ('epoch');
CREATE FUNCTION stopped.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM stopped.clock';
GRANT USAGE ON SCHEMA stopped TO PUBLIC;
GRANT SELECT ON stopped.clock TO PUBLIC;
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = stopped, pg_catalog, public', current_database());
END $$"""
"""Connections opened from now on find this clock_timestamp() before PostgreSQL's own; the judge stays as it is."""


async def stop_the_clock(owner_url: str) -> None:
    """The database's clock goes only when it is told to: no slowness of a machine comes near a deadline."""
    one = await asyncpg.connect(owner_url)
    try:
        if await one.fetchval("SELECT to_regnamespace('stopped') IS NULL"):
            await one.execute(STOPPED)
    finally:
        await one.close()


@dataclass(slots=True)
class Twins:
    """Memory and PostgreSQL by one clock, the memory's."""

    memory: MemoryGround
    postgres: PostgresGround

    async def tick(self, us: int) -> None:
        """So many microseconds pass on both, to the microsecond."""
        self.memory.us += us
        set_ = "UPDATE stopped.clock SET at = 'epoch'::timestamptz + $1::bigint * interval '1 microsecond'"
        await self.postgres.pool.execute(set_, self.memory.us)


@contextlib.asynccontextmanager
async def twins(database: Database) -> AsyncIterator[Twins]:
    """Both stores, PostgreSQL's judge called by the services' lesser role."""
    await stop_the_clock(database.owner_url)
    async with contextlib.AsyncExitStack() as open_until_then:
        pools = []
        for url in (database.app_url, database.owner_url):
            pools.append(await connect_pool(url, size=2))
            open_until_then.push_async_callback(pools[-1].close)
        both = Twins(MemoryGround(), PostgresGround(pools[1], PostgresCases(pools[0])))
        await both.tick(0)
        yield both


@dataclass(slots=True)
class Town:
    """One station's worth of people on a ground, and drafts by them. Ids come from `dice`."""

    ground: Ground
    dice: random.Random
    stations: list[str]
    officers: list[OfficerRow]
    keys: int = 0
    desk: UUID = UUID(int=0xDE5C)  # noqa: RUF009 - a value

    @property
    def store(self) -> CaseStore:
        return self.ground.store

    def uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def key(self) -> str:
        self.keys += 1
        return f"{self.stations[0]}{self.keys:020d}"

    async def duty(self, officer: UUID, on: bool, key: str = "", hash_: str = HASH) -> Answer:
        """Asked under a key of its own unless one is given."""
        return await self.store.set_duty(officer, on, key or self.key(), hash_)

    def report(self, *candidates: UUID, **changed: Any) -> ReportDraft:
        """One ring of candidates, and none wider, unless it is changed."""
        said: dict[str, Any] = {
            "id": self.uuid(), "scope": "report", "key": self.key(), "hash": HASH, "station": self.stations[0],
            "category": f"{self.stations[0]}-one", "words": "自行车不见了", "salt": "00ff", "lat": LAT, "lon": LON,
            "accuracy_m": 12.5, "place_source": "pin", "reporter": "anonymous",
            "receipt_mac": self.uuid().hex + self.uuid().hex, "exercise": False, "candidates": list(candidates),
            "ring_m": 1500, "wave": 1, "last_wave": True,
        }  # fmt: skip
        return ReportDraft(**{**said, **changed})

    def claim(self, case: UUID, officer: UUID, round_: int = 1, **changed: Any) -> ClaimDraft:
        said: dict[str, Any] = {"case": case, "officer": officer, "round": round_, "key": self.key(), "hash": HASH}
        return ClaimDraft(**{**said, **changed})

    def act(self, case: UUID, event: str, actor: str, who: UUID, **changed: Any) -> ActDraft:
        """An officer acts for itself, a desk for the first station, unless it is changed."""
        own: dict[str, Any] = {"officer": who} if actor == "officer" else {}
        if actor == "desk":
            own = {"station": self.stations[0]}
        said: dict[str, Any] = {"case": case, "event": event, "actor": actor, "actor_id": who,
                                "scope": f"{actor}:{who}", "key": self.key(), "hash": HASH, **own}  # fmt: skip
        return ActDraft(**{**said, **changed})

    def wide(self, case: UUID, *candidates: UUID, **changed: Any) -> WideDraft:
        said: dict[str, Any] = {"case": case, "event": "offer_widened", "round": 1, "wave": 2, "ring": 2,
                                "ring_m": 3000, "last_wave": True, "candidates": list(candidates)}  # fmt: skip
        return WideDraft(**{**said, **changed})

    async def reported(self, *candidates: UUID, **changed: Any) -> tuple[UUID, Answer]:
        draft = self.report(*candidates, **changed)
        (answer,) = await self.store.report([draft])
        assert answer.ok, answer
        return draft.id, answer

    async def claimed(self, case: UUID, officer: UUID, round_: int = 1) -> int:
        """The fence of a claim that is won."""
        (answer,) = await self.store.claim([self.claim(case, officer, round_)])
        assert answer.ok, answer
        return int(answer.response["fence"])


async def a_town(ground: Ground, seed: int, *, prefix: str = "s", officers: int = 6, abroad: int = 0) -> Town:
    """Two stations, officers on duty with one slot, the last one off duty, the first `abroad` of the second station;
    categories of the prefix."""
    dice = random.Random(f"town {seed} {prefix}")
    stations = [f"{prefix}1", f"{prefix}2"]
    town = Town(ground, dice, stations, [])
    town.officers = [
        OfficerRow(town.uuid(), f"{prefix}-{n}", "王李张刘陈杨"[n % 6], stations[n < abroad], on_duty=n < officers - 1)
        for n in range(officers)
    ]
    first = stations[0]
    categories = [
        CategoryRow(f"{first}-one"),
        CategoryRow(f"{first}-two", seats=2),
        CategoryRow(f"{first}-dog", skill="dog"),
        CategoryRow(f"{first}-risky", check_in_s=600),
        CategoryRow(f"{first}-fast", window_ms=30_000, wave_ms=5_000, ack_ms=8_000, patience_ms=3_000),
        CategoryRow(f"{first}-urgent", priority=1),
    ]
    await ground.furnish(stations, categories, town.officers)
    return town
