"""e. What the judge's calls cost as the history grows: times, rows read, and that nothing scans what grows.

One connection with the service's own settings and the service's own store; every call real, its commit included. It has
planned all of them in a young town, before the history, as a process has that runs for months: no statistics make its
plans anew.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from uuid_utils.compat import uuid7

from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.cases.ports import ActDraft, ClaimDraft, ReportDraft
from scripts.bench_server import officer_id
from scripts.growth.figures import Curve, spread_ms
from scripts.growth.fill import ENTRIES, fill
from scripts.growth.ground import Ground
from scripts.growth.scans import BIG, Scans

FULL, QUICK = (100_000, 1_000_000, 10_000_000), (1_200, 6_000)  # rows of events
ROUNDS, QUICK_ROUNDS = 60, 4
ROWS_GROWTH_MAX: Final = 1.5  # of rows read by one call, from the shortest history to the longest
ROWS_SLACK: Final = 20
ROWS_MAX: Final = 800  # of any call: fifty claims for one case read some six hundred, each looks a few times
TIME_GROWTH_MAX: Final = 2.0
HASH = "ab" * 32
USED_EVERY_S: Final = 60.0
# Housekeeping reads whole tables, whenever it likes, and the counters cannot tell whose reading it was.
LEFT_ALONE: Final = "".join(f"ALTER TABLE {table} SET (autovacuum_enabled = off);" for table in BIG) + (
    "ALTER INDEX events_at SET (autosummarize = off)"
)


class Calls:
    """The judge's calls on one connection, and a case that goes through all of them."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", owner: Any) -> None:
        self.pool, self.owner = pool, owner
        self.store, self.upkeep, self.watch = PostgresCases(pool), PostgresUpkeep(pool), PostgresWatch(pool)
        self.case, self.fence, self.key, self.backend = UUID(int=0), 0, "", 0
        self.old = UUID(int=0)  # the first case that was cleared
        self.asked = [officer_id(number) for number in range(50)]

    def draft(self) -> ReportDraft:
        self.case, self.key = uuid7(), uuid4().hex
        return ReportDraft(
            id=self.case, scope="report", key=self.key, hash=HASH, station="bench", category="bench", words="Noise.",
            salt="00ff", lat=32.06, lon=118.8, accuracy_m=10.0, place_source="pin", reporter="anonymous",
            receipt_mac=uuid4().hex * 2, exercise=False, candidates=self.asked, ring_m=3000, wave=1, last_wave=False,
        )  # fmt: skip

    async def report(self) -> None:
        (answer,) = await self.store.report([self.draft()])
        assert answer.ok, answer

    async def claim(self) -> None:
        """All fifty claim at once."""
        drafts = [ClaimDraft(case=self.case, officer=o, round=1, key=uuid4().hex, hash=HASH) for o in self.asked]
        answers = await self.store.claim(drafts)
        assert [answer.ok for answer in answers].count(True) == 1, answers
        self.fence = int(answers[0].response["fence"])

    def act(self, event: str) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            officer = self.asked[0]
            answer = await self.store.act(
                ActDraft(case=self.case, event=event, actor="officer", actor_id=officer, scope=f"officer:{officer}",
                         key=uuid4().hex, hash=HASH, officer=officer, fence=self.fence,
                         disposition="founded" if event == "cleared" else None)
            )  # fmt: skip
            assert answer.ok, answer
            if event == "cleared" and not self.old.int:
                self.old = self.case

        return call

    async def due(self) -> None:
        """Not a call of the service: the last report's wave and then its window are over."""
        await self.owner.execute("UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1", self.case)

    async def past(self) -> None:
        await self.owner.execute("UPDATE cases SET offer_deadline = clock_timestamp() WHERE id = $1", self.case)

    async def due_waves(self) -> None:
        assert any(wave.case == self.case for wave in await self.store.due_waves())

    async def watched(self) -> None:
        assert any(seat.case == self.case for seat in await self.watch.watched())

    async def watch_due(self) -> None:
        assert not await self.watch.due()

    async def due_stations(self) -> None:
        assert await self.store.due_stations() == ["bench"]

    async def fire(self) -> None:
        assert await self.store.fire("bench")

    async def duty(self) -> None:
        for on in (False, True):
            assert (await self.store.set_duty(officer_id(60), on, uuid4().hex, HASH)).ok

    async def by_key(self) -> None:
        assert await self.store.by_key("report", self.key)

    async def read_stream(self) -> None:
        upto = (await self.store.heads()).offsets["bench"]
        after = max(0, upto - 100)
        assert len(await self.store.read_stream("bench", after, 1_000)) == upto - after

    async def old_history(self) -> None:
        assert len(await self.store.history(self.old)) == ENTRIES

    async def case_of_old(self) -> None:
        assert await self.store.case(self.old)

    async def open_cases(self) -> None:
        await self.store.open_cases()

    async def track(self) -> None:
        await self.upkeep.keep_track([(self.case, self.asked[0], 32.0, 118.0, 9.0)])

    async def prune(self) -> None:
        assert await self.upkeep.prune() == 0

    async def ended(self) -> None:
        await self.upkeep.ended_sessions()

    def script(self) -> list[tuple[str | None, Callable[[], Awaitable[None]]]]:
        """Calls in their order; a name for what is measured, None for what only sets the scene."""
        return [
            ("report", self.report), ("claim", self.claim), ("set_out", self.act("set_out")), ("watched", self.watched),
            ("watch_due", self.watch_due), ("arrived", self.act("arrived")), ("track", self.track),
            ("cleared", self.act("cleared")), (None, self.report), (None, self.due), ("due_waves", self.due_waves),
            (None, self.past), ("due_stations", self.due_stations), ("fire", self.fire), ("duty", self.duty),
            ("by_key", self.by_key), ("heads", self.heads), ("read_stream", self.read_stream),
            ("history", self.old_history), ("case", self.case_of_old), ("open_cases", self.open_cases),
            ("ended_sessions", self.ended), ("prune", self.prune),
        ]  # fmt: skip

    async def heads(self) -> None:
        await self.store.heads()

    async def played(self) -> None:
        """All of them once: plans are made."""
        self.backend = await self.pool.fetchval("SELECT pg_backend_pid()")
        for _, call in self.script():
            await call()


@contextlib.asynccontextmanager
async def _in_use(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[None]:
    """The pool closes no connection that was idle for long, as a service's never is."""

    async def asks() -> None:
        while True:
            await asyncio.sleep(USED_EVERY_S)
            await pool.fetchval("SELECT 1")

    asking = asyncio.create_task(asks())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def draw(ground: Ground, quick: bool) -> Curve:
    curve = Curve("history", "the judge's calls, ms, and rows that each reads, by entries in the history")
    owner_url, app_url = await ground.database(2_000)
    owner = await asyncpg.connect(owner_url)
    pool = await connect_pool(app_url, size=1)
    try:
        await owner.execute(LEFT_ALONE)
        calls, filled = Calls(pool, owner), 0
        await calls.played()
        for events in QUICK if quick else FULL:
            began = time.monotonic()
            async with _in_use(pool):
                await fill(owner, filled, events // ENTRIES - filled, closed=True, statistics=False)
            filled = events // ENTRIES
            filled_s = time.monotonic() - began
            point = await _point(calls, QUICK_ROUNDS if quick else ROUNDS, events, curve)
            curve.points.append({"events": events, "cases": filled, "fill_s": round(filled_s, 1), **point})
        _judge(curve)
        backend = await pool.fetchval("SELECT pg_backend_pid()")
        curve.hold(backend == calls.backend, "the connection is not the one that planned in the young town")
    finally:
        await pool.close()
        await owner.close()
        await ground.forget(owner_url)
    return curve


async def _point(calls: Calls, rounds: int, events: int, curve: Curve) -> dict[str, Any]:
    scans = Scans(calls.owner, calls.pool)
    await scans.begin()
    await calls.pool.fetch("SELECT (SELECT count(*) FROM cases WHERE words LIKE '%nothing of the kind%')")
    curve.hold("cases" in (await scans.end()).scanned, "the counters do not see a scan, so they prove nothing")
    await calls.owner.execute("DELETE FROM deadlines")
    times: dict[str, list[float]] = {}
    rows: dict[str, int] = {}
    for _ in range(rounds):
        for name, call in calls.script():
            if name is not None:
                await scans.begin()
            began = time.perf_counter()
            await call()
            if name is not None:
                times.setdefault(name, []).append(time.perf_counter() - began)
                read = await scans.end()
                rows[name] = max(rows.get(name, 0), read.rows)
                curve.hold(not read.scanned, f"{events} events: {name} scanned {', '.join(read.scanned)}")
    found: dict[str, Any] = {"events_mib": round(await _size(calls.owner, "events") / 2**20)}
    for name, spent in times.items():
        found |= {**spread_ms(name, spent), f"{name}_rows": rows[name]}
    return found


async def _size(owner: Any, table: str) -> int:
    return int(await owner.fetchval("SELECT pg_total_relation_size($1::text::regclass)", table))


def _judge(curve: Curve) -> None:
    """Rows read by a call may not grow with the history; its time hardly."""
    first, last = curve.points[0], curve.points[-1]
    for key in first:
        if key.endswith("_rows") and key != "open_cases_rows":  # cases that fell to the desk here stay open
            grown = last[key] > ROWS_GROWTH_MAX * first[key] + ROWS_SLACK
            curve.hold(last[key] <= ROWS_MAX, f"{key.removesuffix('_rows')} reads {last[key]} rows")
            curve.hold(not grown, f"{key.removesuffix('_rows')} reads {first[key]} rows, then {last[key]}")
        if key.endswith("_p50_ms") and not key.startswith("open_cases"):
            reached = last[key] <= TIME_GROWTH_MAX * first[key] + 0.2
            curve.reach(reached, f"{key.removesuffix('_p50_ms')} takes {first[key]} ms, then {last[key]}")
