"""A town in which anything may happen next: real store, two processes, sweepers; and what must hold always.

`Anywhere` is furnished anew for every walk. Its steps are what people, sweepers and misfortune do; `broken` says which
promises the record does not keep, in words.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from dispatch.adapters.postgres.catalogue import load_catalogue, load_free_roster, load_roster
from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.service import Acting, Came, Joining, Reporting
from dispatch.cases.values import HELD, Refusal
from dispatch.people.values import Role, Who
from dispatch.positions.live import LivePositions
from dispatch.safety.service import Helping
from dispatch.streams.sweeping import Sweeping
from dispatch.watch.watching import Watching
from gateway.wire.acts import act_draft
from geo.point import Point
from tests.contract.screens import Process, Wire, desk_, differences, officer_
from tests.contract.small_town import LAT, LON, Town, claim
from tests.contract.test_store_walks import folded, stored
from tests.contract.test_streams import chain

KEPT: Final = frozenset({"meta", "schema_migrations", "judge", "legal", "guards", "limits", "stations", "streams",
                         "areas", "categories", "category_hours"})  # fmt: skip
"""Tables that no walk changes, and the streams, which begin again at zero. All others are emptied before a walk."""
UNTOLD: Final = frozenset({"idempotency", "heartbeats", *KEPT}) - {"streams"}
"""What a refusal may change: the answer that is kept, and nothing else."""
CATEGORIES: Final = (
    "INSERT INTO categories (id, name, name_en, wave_ms, ack_ms, mode, turn_ms) VALUES ('waves', 'w', 'w', 4000, 5000, "
    "'snatch', NULL), ('turns', 't', 't', NULL, 5000, 'best_officer', 4000), ('first', 'f', 'f', NULL, NULL, "
    "'desk_first', NULL) ON CONFLICT DO NOTHING"
)
OFFICERS: Final = (  # station, slots, on duty
    ("s1", 1, True), ("s1", 2, True), ("s1", 1, True), ("s2", 1, True), ("s1", 1, False),
)  # fmt: skip
SWEEPS_MAX: Final = 40
BROKEN: Final = """
SELECT 'more officers than seats' FROM cases c JOIN assignments a ON a.case_id = c.id AND a.active
    GROUP BY c.id, c.seats HAVING count(*) > c.seats
UNION ALL SELECT 'two on one seat' FROM assignments WHERE active GROUP BY case_id, seat HAVING count(*) > 1
UNION ALL SELECT 'one officer twice on a case' FROM assignments WHERE active
    GROUP BY case_id, officer_id HAVING count(*) > 1
UNION ALL SELECT 'more cases than slots' FROM officers o JOIN assignments a ON a.officer_id = o.id AND a.active
    GROUP BY o.id, o.slots HAVING count(*) > o.slots
UNION ALL SELECT 'held ' || o.held || ' is not what the officer holds' FROM officers o
    WHERE o.held <> (SELECT count(*) FROM assignments a WHERE a.officer_id = o.id AND a.active)
UNION ALL SELECT 'holds a case off duty' FROM officers WHERE held > 0 AND NOT on_duty
UNION ALL SELECT 'a ' || c.status || ' case has an active seat' FROM cases c JOIN assignments a ON a.case_id = c.id
    AND a.active WHERE c.status IN ('cleared', 'withdrawn', 'merged')
UNION ALL SELECT 'a ' || c.status || ' case has a timer: ' || d.kind FROM cases c JOIN deadlines d ON d.case_id = c.id
    WHERE c.status IN ('cleared', 'withdrawn', 'merged')
UNION ALL SELECT 'a ' || c.status || ' case without an officer' FROM cases c
    WHERE c.status IN ('claimed', 'en_route', 'on_scene')
    AND NOT EXISTS (SELECT FROM assignments a WHERE a.case_id = c.id AND a.active)
UNION ALL SELECT 'an offer without its window' FROM cases c WHERE c.status = 'offered'
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'window')
UNION ALL SELECT 'a report follows nobody, or follows on' FROM cases c LEFT JOIN cases s ON s.id = c.merged_into
    WHERE c.status = 'merged' AND (s.id IS NULL OR s.status IN ('merged', 'withdrawn') OR NOT c.id = ANY (s.reports))
UNION ALL SELECT 'a case stands for one that goes its own way' FROM cases s, unnest(s.reports) r
    JOIN cases c ON c.id = r
    WHERE c.status <> 'merged' OR c.merged_into <> s.id
UNION ALL SELECT 'a gap in the offsets of ' || s.stream FROM streams s LEFT JOIN events e USING (stream)
    GROUP BY s.stream, s.next_offset
    HAVING count(e) <> s.next_offset OR coalesce(max(stream_offset), 0) <> s.next_offset
UNION ALL SELECT 'a gap in a history' FROM cases c LEFT JOIN events e ON e.case_id = c.id
    GROUP BY c.id, c.seq HAVING count(e) <> c.seq OR max(e.seq) <> c.seq
"""
OVERDUE: Final = """
SELECT 'a window was open past its deadline' FROM cases WHERE status = 'offered' AND offer_deadline <= $1
UNION ALL SELECT 'not fired: ' || d.kind FROM deadlines d JOIN cases c ON c.id = d.case_id
    WHERE d.due_at <= $1::timestamptz AND NOT (d.kind = 'wave' AND (c.status <> 'offered' OR c.round <> d.round))
"""
"""At $1. A wave of an offer that was answered stays until its window would have ended: a claim pays for no deletion."""
GONE: Final = """
DO $$ BEGIN
    FOR n IN 1 .. 4000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid});
        PERFORM pg_sleep(0.005);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
END $$"""
"""Until the database has seen that a connection is gone: its locks are held so long."""
TIME: Final = (
    "UPDATE cases SET offer_deadline = offer_deadline - make_interval(secs => $1)",
    "UPDATE deadlines SET due_at = due_at - make_interval(secs => $1)",
    "UPDATE assignments SET watch_due = watch_due - make_interval(secs => $1) WHERE watch_due IS NOT NULL",
)


class Doomed:
    """A pool of one connection whose transaction never ends well: for a process that dies in the middle of a call."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def acquire(self, **_: Any) -> "Doomed":
        return self

    async def __aenter__(self) -> asyncpg.Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None


@dataclass(slots=True)
class Anywhere:
    """`seen`: by case, the entries that were checked. `refused`, `happened`: what the walks met, for the report."""

    town: Town
    app_url: str
    tables: list[str] = field(default_factory=list)
    officers: list[UUID] = field(default_factory=list)
    cases: list[UUID] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    happened: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[UUID, int] = field(default_factory=dict)
    stations: dict[UUID, str] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    here: Process = field(init=False)
    elsewhere: Process = field(init=False)
    near: LivePositions = field(init=False)
    reporting: Reporting = field(init=False)
    acting: Acting = field(init=False)
    joining: Joining = field(init=False)
    helping: Helping = field(init=False)
    sweeping: Sweeping = field(init=False)
    watching: Watching = field(init=False)
    carried: int = 0

    # --- a new walk
    async def begin(self) -> None:
        """Empty records, five officers, two processes that have just started."""
        owner, pool = self.town.owner, self.town.pool
        if not self.tables:
            rows = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self.tables = sorted({row[0] for row in rows} - UNTOLD)
        await owner.execute(f"TRUNCATE idempotency, {', '.join(sorted({*self.tables} - KEPT))} CASCADE")
        await owner.execute("UPDATE streams SET next_offset = 0")
        await owner.execute(CATEGORIES)
        self.cases, self.seen, self.stations, self.carried = [], {}, {}, 0
        self.officers = [await self.town.officer(s, slots=n, on=on) for s, n, on in OFFICERS]
        self.wire = Wire()
        self.here = Process(self.town.store, self.wire, "here")
        self.elsewhere = Process(self.town.store, Wire(), "elsewhere")
        for process in (self.here, self.elsewhere):
            process.roster.replace(await load_roster(pool))
            await process.feed.start()
        catalogue = Catalogue()
        catalogue.become(await load_catalogue(pool, catalogue))
        self.near = LivePositions(self.here.roster)
        self.near.listening(True, loaded=True)
        store, feed = self.town.store, self.here.feed
        self.reporting = Reporting(store, feed, self.near, catalogue, lambda: 1_800_000_000.0)
        self.acting = Acting(store, feed, self.reporting)
        self.joining = Joining(store, feed, catalogue)
        self.helping = Helping(PostgresSafety(pool), feed, self.near)
        self.sweeping = Sweeping(store, feed, self.near, catalogue, before_waves=self._who_is_free)
        self.watching = Watching(PostgresWatch(pool), feed, self.near, catalogue, before_rounds=self._who_is_free)
        for officer in self.officers:
            self.come(officer, 0.0)

    async def _who_is_free(self) -> None:
        self.here.roster.replace(await load_free_roster(self.town.pool))

    def come(self, officer: UUID, north: float) -> None:
        """The officer stands so many degrees north of the cases."""
        self.near.put(officer, LAT + north, LON, 8.0, 0.0)

    # --- what people do
    async def report(self, category: str, away: bool) -> Answer:
        """Put before whoever is near, as the gateway does it; `away`: where nobody is."""
        wave = self.reporting.wave(category, LAT + away * 3, LON, "s1")
        draft = self.town.draft(
            wave.candidates, category=category, lat=LAT + away * 3, wave=wave.number, ring_m=wave.ring_m,
            last_wave=wave.last, asks=wave.asks, pause_ms=wave.pause_ms, desk_first=wave.desk_first,
        )  # fmt: skip
        answer = await self.reporting.report(draft)
        self.cases.append(draft.id)
        return answer

    async def claim(self, case: UUID, officer: UUID, round_: int, key: str) -> Answer:
        draft = claim(case, officer, round_, key)
        draft.hash = hashlib.sha256(f"{case}{round_}".encode()).hexdigest()
        (answer,) = await self.town.store.claim([draft])
        self.here.feed.committed([answer])
        return answer

    async def act(self, message: Any, who: Who) -> Answer:
        """As the gateway does it, past the table of permissions: the judge alone must hold."""
        state = await self.town.store.case(message.case)
        answer = await self.acting.act(act_draft(message, who, state is not None and state.status in HELD))
        if answer.facts and "made" in answer.response:
            self.cases.append(UUID(answer.response["made"]))
        return answer

    async def asked(self, state: CaseState) -> list[UUID]:
        """Whom the present round asked."""
        entry = self.here.feed.board.cases.get(state.id)
        return sorted(entry.recipients) if entry is not None else []

    async def join(self, officer: UUID) -> None:
        await self.joining.join([Came(officer, Point(LAT, LON), "s1")], self.here.feed.now())

    # --- time and misfortune
    async def pass_time(self, seconds: float) -> None:
        """Nobody looks while it passes."""
        for statement in TIME:
            await self.town.owner.execute(statement, seconds)

    async def sweep(self) -> list[str]:
        """Sweepers look until nothing is due; what is still overdue that was due when the last look began: what falls
        due after it is the next look's, however slow the machine."""
        looked = None
        for _ in range(SWEEPS_MAX):
            looked = await self.town.owner.fetchval("SELECT clock_timestamp()")
            if not await self.sweeping.sweep() + await self.watching.turn():
                break
        self.here.roster.replace(await load_roster(self.town.pool))
        return [row[0] for row in await self.town.owner.fetch(OVERDUE, looked)]

    async def kill_a_sweeper(self) -> list[str]:
        """Whatever is due is fired by a process that dies before its commit; what of it stays."""
        before = await self.fingerprint()
        dying = await asyncpg.connect(self.app_url)
        store = PostgresCases(Doomed(dying))  # as much of a pool as a store uses
        await dying.execute("BEGIN")
        for station in await store.due_stations():
            await store.fire(station)
        pid = dying.get_server_pid()
        dying.terminate()  # as when a process is killed: the socket is gone, nothing was said
        await self.town.owner.execute(GONE.format(pid=pid))
        return [] if before == await self.fingerprint() else ["a killed sweeper left something behind"]

    async def carry(self, kept: Sequence[bool]) -> list[str]:
        """New publications reach the other process, the last first; some are lost. What it shows otherwise then."""
        new = self.wire.posted[self.carried :]
        self.carried = len(self.wire.posted)
        for n, payload in reversed(list(enumerate(new))):
            if n >= len(kept) or kept[n]:
                self.elsewhere.feed.heard(payload)
        await self.elsewhere.mend()
        await self.here.mend()
        viewers = [desk_("s1"), desk_("s2"), *(officer_(one) for one in self.officers)]
        found = []
        for who in viewers:
            one, other = await self.elsewhere.fresh(who), await self.here.fresh(who)
            if one.shows() != other.shows():
                found.append(f"two processes show {who.role} different things: {differences(one, other)}")
        return found

    # --- what must hold
    async def fingerprint(self) -> str:
        """Of every row that a refusal must leave as it is."""
        every = " UNION ALL ".join(f"SELECT '{n}' || t::text AS row FROM {n} t" for n in self.tables)  # noqa: S608
        query = f"SELECT md5(string_agg(row, ' ' ORDER BY row)) FROM ({every}) q"  # noqa: S608 - names of tables
        return str(await self.town.owner.fetchval(query))

    async def broken(self) -> list[str]:
        """Promises that the record does not keep now."""
        found = [row[0] for row in await self.town.owner.fetch(BROKEN)]
        for row in await self.town.owner.fetch("SELECT id, seq, head FROM cases ORDER BY received_at, id"):
            if self.seen.get(row["id"]) != row["seq"]:
                found += await self._history(row["id"], row["seq"], row["head"])
                self.seen[row["id"]] = row["seq"]
        return found

    async def _history(self, case: UUID, seq: int, head: bytes) -> list[str]:
        entries = await chain(self.town, case)
        found = []
        if entries[-1][::2] != (seq, head) or any(computed != kept for _, computed, kept in entries):
            found.append("a broken chain")
        told, row = await folded(self.town, case), await stored(self.town, case)
        told, row = replace(told, deadline=None), replace(row, deadline=None)  # time was moved in the rows alone
        if told != row:
            found.append(f"the history tells {told}, the row {row}")
        return found

    async def heard(self, answer: Answer, before: str) -> list[str]:
        """What an answer must keep: a refusal has a word of its own and changed nothing."""
        if answer.ok:
            return []
        self.refused.add(answer.reason or "")
        if answer.reason not in set(Refusal):
            return [f"{answer.reason} is no refusal"]
        return [] if before == await self.fingerprint() else [f"{answer.reason}, and something changed all the same"]

    async def state(self, case: UUID) -> CaseState:
        state = await self.town.store.case(case)
        assert state is not None
        return state


def who_(role: Role, state: CaseState, officer: UUID, station: str) -> Who:
    """Somebody in this role: a reporter of this case, this officer, a desk of this station."""
    if role is Role.REPORTER:
        return Who(UUID(int=3), role, case=state.id, station=state.station)
    if role is Role.OFFICER:
        return Who(UUID(int=1), role, officer=officer, station="s1")
    return Who(UUID(int=2), role, account=UUID(int=7 + (role is Role.DESK)), station=station)


def key() -> str:
    return secrets.token_hex(12)
