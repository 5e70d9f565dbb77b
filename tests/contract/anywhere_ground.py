"""The ground of a walk: a town furnished anew, its phones and its time, and what must hold always.

Real PostgreSQL, real Redis, two processes, sweepers. `broken` says which promises the record does not keep, in words.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.catalogue import load_catalogue, load_free_roster, load_roster
from dispatch.adapters.postgres.figures import read_figures
from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.lifecycle import next_status
from dispatch.cases.service import Acting, Joining, Reporting
from dispatch.cases.values import Event, Refusal, Status
from dispatch.insight.fold import folded as folded_figures
from dispatch.insight.values import By, Entry, Question
from dispatch.people.service import SignIn
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.safety.service import Helping
from dispatch.streams.sweeping import Sweeping, Teller
from dispatch.watch.watching import Watching
from gateway.advising import Advising
from tests.contract.air import Air
from tests.contract.laws import LAWS, OVERDUE
from tests.contract.screens import Process, Wire
from tests.contract.small_town import LAT, LON, Town
from tests.contract.test_store_walks import folded, stored
from tests.contract.test_streams import chain

KEPT: Final = frozenset({"meta", "schema_migrations", "judge", "legal", "guards", "limits", "stations", "streams",
                         "areas", "categories", "category_hours"})  # fmt: skip
"""Tables that no walk changes, and the streams, which begin again at zero. All others are emptied before a walk."""
UNTOLD: Final = frozenset({"idempotency", "heartbeats", *KEPT}) - {"streams"}
"""What a refusal may change: the answer that is kept, and nothing else."""
TOWN: Final = (
    "INSERT INTO categories (id, name, name_en, wave_ms, ack_ms, mode, turn_ms, check_in_s, patience_ms) VALUES "
    "('waves', 'w', 'w', 4000, 5000, 'snatch', NULL, NULL, 20000), "
    "('turns', 't', 't', NULL, 5000, 'best_officer', 4000, NULL, NULL), "
    "('first', 'f', 'f', NULL, NULL, 'desk_first', NULL, NULL, NULL), "
    "('scene', 's', 's', NULL, NULL, 'snatch', NULL, 20, NULL) ON CONFLICT DO NOTHING",
    "UPDATE stations SET falls_to = 's1' WHERE id = 's2'",
)
DESKS: Final = {UUID(int=8): "s1", UUID(int=18): "s2"}
"""Accounts of two desks; a supervisor's is UUID(int=7)."""
DESK: Final = (
    "INSERT INTO accounts (id, login, password, role, station) VALUES ($1::uuid, $1::uuid::text, '', 'desk', $2)"
)
FREE: Final = """
SELECT id, station FROM officers WHERE on_duty AND held < slots
    AND (shift_ends_at IS NULL OR shift_ends_at > clock_timestamp() + make_interval(mins => $1 + 1))
"""
CALLS_MAX: Final = 10_000
POLICE: Final = "110"
WORDS_OF_NO_EMERGENCY: Final = ("自行车被偷", "Where do I park?")
WORDS: Final = (*WORDS_OF_NO_EMERGENCY, "有人持刀", "Somebody is being robbed.")
OFFICERS: Final = (  # station, slots, on duty
    ("s1", 1, True), ("s1", 2, True), ("s1", 1, True), ("s2", 1, True), ("s1", 1, False),
)  # fmt: skip
SWEEPS_MAX: Final = 40
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
    "UPDATE officers SET shift_ends_at = shift_ends_at - make_interval(secs => $1) WHERE shift_ends_at IS NOT NULL",
)


@dataclass(slots=True)
class Ground:
    """`seen`: by case, the entries that were checked. `refused`, `happened`, `edges`: what the walks
    met, for the report.
    `phones`: by officer, how far north of the cases; None: the phone is dark. `tokens`: by a reporter's token, the
    case while the session lives."""

    town: Town
    app_url: str
    air: Air
    signing: SignIn
    pepper: bytes
    rival: asyncpg.Connection
    tables: list[str] = field(default_factory=list)
    officers: list[UUID] = field(default_factory=list)
    cases: list[UUID] = field(default_factory=list)
    codes: dict[UUID, str] = field(default_factory=dict)
    phones: dict[UUID, float | None] = field(default_factory=dict)
    tokens: dict[str, UUID | None] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    edges: set[tuple[Status, Event]] = field(default_factory=set)
    seen: dict[UUID, int] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    catalogue: Catalogue = field(default_factory=Catalogue)
    here: Process = field(init=False)
    elsewhere: Process = field(init=False)
    near: LivePositions = field(init=False)
    reporting: Reporting = field(init=False)
    acting: Acting = field(init=False)
    joining: Joining = field(init=False)
    helping: Helping = field(init=False)
    advising: Advising = field(init=False)
    sweeping: Sweeping = field(init=False)
    watching: Watching = field(init=False)
    swept: Roster = field(init=False)
    carried: int = 0

    # --- a new walk
    async def begin(self) -> None:
        """Empty records, an empty Redis, five officers, two processes that have just started."""
        owner, pool = self.town.owner, self.town.pool
        if not self.tables:
            rows = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self.tables = sorted({row[0] for row in rows} - UNTOLD)
        await owner.execute(f"TRUNCATE idempotency, {', '.join(sorted({*self.tables} - KEPT))} CASCADE")
        await owner.execute("UPDATE streams SET next_offset = 0")
        for statement in TOWN:
            await owner.execute(statement)
        for account, station in DESKS.items():
            await owner.execute(DESK, account, station)
        self.cases, self.codes, self.tokens, self.seen, self.carried = [], {}, {}, {}, 0
        self.officers = [await self.town.officer(s, slots=n, on=on) for s, n, on in OFFICERS]
        self.wire = Wire()
        self.here = Process(self.town.store, self.wire, "here")
        self.elsewhere = Process(self.town.store, Wire(), "elsewhere")
        for process in (self.here, self.elsewhere):
            process.roster.replace(await load_roster(pool))
            await process.feed.start()
        self.catalogue = Catalogue()
        self.catalogue.become(await load_catalogue(pool, self.catalogue))
        self.swept = Roster()
        rosters = {"here": self.here.roster, "elsewhere": self.elsewhere.roster, "sweeper": self.swept}
        await self.air.begin(rosters, self.elsewhere.feed.heard)
        store, feed, self.near = self.town.store, self.here.feed, self.air.here.near
        self.near.held = lambda: feed.board.held
        self.reporting = self._reporting(self.near)
        self.acting = Acting(store, feed, self.reporting)
        self.joining = Joining(store, feed, self.catalogue)
        self.helping = Helping(PostgresSafety(pool), feed, self.near)
        self.advising = Advising(self.acting, POLICE)
        self.sweeping, self.watching = self._sweeper(pool, feed)
        self.phones = dict.fromkeys(self.officers, 0.0)
        await self.send_places()

    def _reporting(self, near: LivePositions) -> Reporting:
        return Reporting(self.town.store, self.here.feed, near, self.catalogue, lambda: 1_800_000_000.0)

    def _sweeper(self, pool: Any, teller: Teller) -> tuple[Sweeping, Watching]:
        """A sweeper on these connections, which knows of phones what Redis tells it."""
        near = self.air.stations["sweeper"].near
        return (
            Sweeping(PostgresCases(pool), teller, near, self.catalogue, before_waves=self._who_is_free),
            Watching(
                PostgresWatch(pool), teller, near, self.catalogue, self.air.clock, before_rounds=self._who_is_free
            ),
        )

    async def _who_is_free(self) -> None:
        self.swept.replace(await load_free_roster(self.town.pool))

    # --- phones
    async def come(self, officer: UUID, north: float | None) -> None:
        """The officer stands so many degrees north of the cases, or the phone is dark from now on."""
        self.phones[officer] = north
        await self.send_places()

    async def send_places(self) -> None:
        """Phones send where they are, and the process tells the others."""
        for officer in self.phones:
            self._put(officer)
        await self.air.tell_fixes()

    async def send_place(self, officer: UUID) -> None:
        """One phone alone sends where it is."""
        self._put(officer)
        await self.air.tell_fixes()

    def _put(self, officer: UUID) -> None:
        north = self.phones[officer]
        if north is not None:
            self.near.put(officer, LAT + north, LON, 8.0, 0.0)

    # --- time
    async def pass_time(self, seconds: float) -> None:
        """Nobody looks while it passes."""
        for statement in TIME:
            await self.town.owner.execute(statement, seconds)
        await self.air.pass_time(seconds)
        await self.send_places()

    async def closed_earlier(self, case: UUID, seconds: float) -> None:
        """The case ended so much earlier than it did; taken back by the same number below zero."""
        await self.town.owner.execute(
            "UPDATE cases SET closed_at = closed_at - make_interval(secs => $2) WHERE id = $1", case, seconds
        )

    async def limit(self, name: str, number: int) -> int:
        """A number of `dispatch.limits` as the judge reads it; what it was."""
        was = await self.town.owner.fetchval("SELECT value FROM limits WHERE name = $1", name)
        assert was is not None, name
        await self.town.owner.execute("UPDATE limits SET value = $2 WHERE name = $1", name, number)
        return int(was)

    async def sweep(self) -> list[str]:
        """Sweepers look until nothing is due; what is still overdue that was due when the last look began: what falls
        due after it is the next look's, however slow the machine."""
        await self.send_places()
        await self.air.settle()
        looked = None
        for _ in range(SWEEPS_MAX):
            looked = await self.town.owner.fetchval("SELECT clock_timestamp()")
            if not await self.sweeping.sweep() + await self.watching.turn():
                break
        return [row[0] for row in await self.town.owner.fetch(OVERDUE, looked)]

    # --- what must hold
    async def figures(self) -> list[str]:
        """What is wrong with the figures of this walk: they say what a fold over its history says, without practice."""
        rows = await self.town.owner.fetch("SELECT * FROM events")
        entries = [
            Entry(r["stream"], r["stream_offset"], r["case_id"], r["seq"], r["kind"], r["officer"], r["at"],
                  msgspec.json.decode(r["body"]))
            for r in rows
        ]  # fmt: skip
        now = await self.town.owner.fetchval("SELECT clock_timestamp()")
        question = Question(now - timedelta(days=1), now + timedelta(days=1), By.STATION, zone="UTC", now=now)
        told = await read_figures(self.town.owner, question)
        real = await self.town.owner.fetchval("SELECT count(*) FROM cases WHERE NOT exercise")
        found = [] if told == folded_figures(entries, question) else ["the figures say otherwise than the history"]
        return found if told.whole.cases == real else [*found, f"{real} cases, and figures of {told.whole.cases}"]

    async def count(self) -> None:
        """What happened in this walk, and which edges of the table it took."""
        rows = await self.town.owner.fetch(
            "SELECT case_id, kind FROM events WHERE case_id IS NOT NULL ORDER BY case_id, seq"
        )
        at: dict[UUID, Status] = {}
        for case, kind in rows:
            self.happened[kind] += 1
            before = at.setdefault(case, Status.RECEIVED)
            if kind != Event.RECEIVED:
                self.edges.add((before, Event(kind)))
                at[case] = next_status(before, Event(kind)) or before

    async def fingerprint(self) -> str:
        """Of every row that a refusal must leave as it is; only wrong words at the door count."""
        told = dict.fromkeys(self.tables, "t::text") | {"assignments": "(to_jsonb(t) - 'word_tries')::text"}
        every = " UNION ALL ".join(f"SELECT '{n}' || {row} AS row FROM {n} t" for n, row in told.items())  # noqa: S608
        query = f"SELECT md5(string_agg(row, ' ' ORDER BY row)) FROM ({every}) q"  # noqa: S608 - names of tables
        return str(await self.town.owner.fetchval(query))

    async def broken(self) -> list[str]:
        """Promises that the record does not keep now."""
        found = [row[0] for row in await self.town.owner.fetch(LAWS)]
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
        self.refused[answer.reason or ""] += 1
        if answer.reason not in set(Refusal):
            return [f"{answer.reason} is no refusal"]
        return [] if before == await self.fingerprint() else [f"{answer.reason}, and something changed all the same"]

    async def state(self, case: UUID) -> CaseState:
        state = await self.town.store.case(case)
        assert state is not None
        return state
