"""Two stations, a few officers and the real judge: what the contract tests of cases are driven with.

PostgreSQL's clock cannot be moved, so rows are: `pass_time` shifts a case's deadlines into the past.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.ports import ActDraft, ClaimDraft, ReportDraft, WideDraft
from dispatch.safety.ports import ClearDraft, PanicDraft
from dispatch.watch.ports import WatchDraft
from tests.conftest import Database

LAT: Final = 32.0512
LON: Final = 118.8013
CATEGORIES: Final = (  # id, seats, window_ms, wave_ms, ack_ms
    ("plain", 1, None, None, None),
    ("pair", 2, None, None, None),
    ("brief", 1, 300, None, None),
    ("urgent", 1, None, None, None),
)
DESK: Final = UUID(int=0xDE5C)


@dataclass(slots=True)
class Town:
    """The store as the services use it, and `owner`: a connection that may set rows up."""

    store: PostgresCases
    pool: Any
    owner: Any
    called: int = 0

    async def duty(self, officer: UUID, on: bool, key_: str = "", hash_: str = "dd") -> Answer:
        """Asked under a key of its own."""
        return await self.store.set_duty(officer, on, key_ or key(), hash_)

    # --- who and what there is
    async def officer(self, station: str = "s1", *, on: bool = True, slots: int = 1) -> UUID:
        """A new officer."""
        officer, self.called = uuid4(), self.called + 1
        await self.pool.execute(
            "INSERT INTO officers (id, call_sign, surname, station, on_duty, slots) VALUES ($1, $2, '李', $3, $4, $5)",
            officer, f"{self.called:04}-{officer.hex[:4]}", station, on, slots,
        )  # fmt: skip
        return officer

    async def officers(self, count: int, station: str = "s1") -> list[UUID]:
        return [await self.officer(station) for _ in range(count)]

    # --- what people do
    def draft(self, asked: Sequence[UUID] = (), **other: Any) -> ReportDraft:
        """A report put before `asked`; the widest ring unless `last_wave` says otherwise."""
        meant: dict[str, Any] = {
            "id": uuid4(), "scope": "reports", "key": key(), "hash": "aa", "station": "s1", "category": "plain",
            "words": "自行车被偷", "salt": "00ff", "lat": LAT, "lon": LON, "accuracy_m": 12.0, "place_source": "pin",
            "reporter": "anonymous", "receipt_mac": secrets.token_hex(32), "exercise": False,
            "candidates": list(asked), "ring_m": 1500, "wave": 1, "last_wave": True,
        }  # fmt: skip
        return ReportDraft(**(meant | other))

    async def report(self, *asked: UUID, **other: Any) -> UUID:
        """A case that was accepted just now."""
        (answer,) = await self.store.report([self.draft(asked, **other)])
        assert answer.ok, answer.reason
        return UUID(answer.response["case"])

    async def claim(self, case: UUID, officer: UUID, round_: int = 1, key_: str = "") -> Answer:
        (answer,) = await self.store.claim([claim(case, officer, round_, key_)])
        return answer

    async def act(self, case: UUID, event: str, officer: UUID | None = None, **other: Any) -> Answer:
        return await self.store.act(act(case, event, officer, **other))

    async def desk(self, case: UUID, event: str, officer: UUID | None = None, **other: Any) -> Answer:
        """An act of the desk of s1."""
        meant: dict[str, Any] = {"actor": "desk", "actor_id": DESK, "scope": f"account:{DESK}", "station": "s1"}
        return await self.store.act(act(case, event, officer, **(meant | other)))

    async def withdraw(self, case: UUID) -> Answer:
        return await self.act(case, "withdrawn", actor="reporter", actor_id=case, scope=f"case:{case}")

    async def widen(self, case: UUID, *asked: UUID, **other: Any) -> list[Answer]:
        """The second wave, unless told otherwise."""
        meant: dict[str, Any] = {
            "case": case, "event": "offer_widened", "round": 1, "wave": 2, "ring": 2, "ring_m": 3000,
            "last_wave": True, "candidates": list(asked),
        }  # fmt: skip
        return await self.store.widen([WideDraft(**(meant | other))])

    async def advised(self, case: UUID, *rules: str) -> Answer:
        advice = {"call": "police", "rules": list(rules)}
        reporter: dict[str, Any] = {"actor": "reporter", "actor_id": case, "scope": f"case:{case}"}
        return await self.act(case, "advised", advice=advice, **reporter)

    async def panic(self, officer: UUID, *near: UUID, key_: str = "", **other: Any) -> Answer:
        meant: dict[str, Any] = {
            "id": uuid4(), "officer": officer, "key": key_ or key(), "hash": "ee", "candidates": list(near),
            "lat": LAT, "lon": LON, "accuracy_m": 8.0,
        }  # fmt: skip
        return await PostgresSafety(self.pool).raise_panic(PanicDraft(**(meant | other)))

    async def clear_panic(self, officer: UUID, **other: Any) -> Answer:
        """By the desk of s1, the officer's live one."""
        live = await PostgresSafety(self.pool).live_panics()
        found = [one.panic for one in live if one.officer == officer]
        meant: dict[str, Any] = {
            "panic": found[0] if found else uuid4(), "actor": "desk", "actor_id": DESK, "station": "s1",
            "reason": "Spoke to them.", "scope": f"account:{DESK}", "key": key(), "hash": "ff",
        }  # fmt: skip
        return await PostgresSafety(self.pool).clear_panic(ClearDraft(**(meant | other)))

    async def watch(self, case: UUID, what: str, officer: UUID, *candidates: UUID) -> list[Answer]:
        """A step of the watch; one that is due after its time has passed."""
        if what == "due":
            await self.pass_time(case, 121)
        draft = WatchDraft(case=case, officer=officer, fence=await self.fence(case, officer), what=what,
                           why="no_progress", candidates=list(candidates))  # fmt: skip
        return await PostgresWatch(self.pool).watch(draft)

    async def pull(self, officer: UUID, from_case: UUID, case: UUID, *candidates: UUID) -> list[Answer]:
        """The desk of s1 needs the officer on another case; as services commit it: the left one first."""
        meant: dict[str, Any] = {"actor": "desk", "actor_id": DESK, "scope": f"account:{DESK}", "station": "s1"}
        draft = act(case, "preempted", officer, from_case=from_case, candidates=list(candidates), **meant)
        return (await self.store.pull(draft))[::-1]

    async def at_desk(self, **other: Any) -> UUID:
        """A case that nobody was near to."""
        return await self.report(**other)

    # --- time, and what is stored
    async def pass_time(self, case: UUID, seconds: float = 3600) -> None:
        """For this case, so much time passes."""
        await self.owner.execute(
            "UPDATE cases SET offer_deadline = offer_deadline - make_interval(secs => $2) WHERE id = $1", case, seconds
        )
        await self.owner.execute("UPDATE cases SET closed_at = closed_at - make_interval(secs => $2) WHERE id = $1",
                                 case, seconds)  # fmt: skip
        await self.owner.execute(
            "UPDATE deadlines SET due_at = due_at - make_interval(secs => $2) WHERE case_id = $1", case, seconds
        )
        await self.owner.execute(
            "UPDATE assignments SET watch_due = watch_due - make_interval(secs => $2), "
            "watch_after = watch_after - make_interval(secs => $2) WHERE case_id = $1", case, seconds,
        )  # fmt: skip

    async def state(self, case: UUID) -> CaseState:
        state = await self.store.case(case)
        assert state is not None
        return state

    async def kinds(self, case: UUID) -> list[str]:
        return [entry.kind for entry in await self.store.history(case)]

    async def fence(self, case: UUID, officer: UUID) -> int:
        return next(h.fence for h in (await self.state(case)).holders if h.officer == officer)


def key() -> str:
    return secrets.token_hex(12)


def claim(case: UUID, officer: UUID, round_: int = 1, key_: str = "") -> ClaimDraft:
    return ClaimDraft(case=case, officer=officer, round=round_, key=key_ or key(), hash=case.hex)


def act(case: UUID, event: str, officer: UUID | None = None, **other: Any) -> ActDraft:
    """An officer's act unless `actor` says otherwise."""
    meant: dict[str, Any] = {
        "case": case, "event": event, "actor": "officer", "actor_id": officer or case, "scope": f"officer:{officer}",
        "key": key(), "hash": "bb", "officer": officer,
    }  # fmt: skip
    return ActDraft(**(meant | other))


@contextlib.asynccontextmanager
async def small_town(database: Database, *, size: int = 8) -> AsyncIterator[Town]:
    """Stations s1 (takes what lies nowhere) and s2, the categories above."""
    owner = await asyncpg.connect(database.owner_url)
    pool = await connect_pool(database.app_url, size=size)
    try:
        await owner.execute(
            "INSERT INTO stations VALUES ('s1', '一', 'One', true), ('s2', '二', 'Two', false) ON CONFLICT DO NOTHING"
        )
        await owner.execute("INSERT INTO streams VALUES ('s1'), ('s2') ON CONFLICT DO NOTHING")
        await owner.executemany(
            "INSERT INTO categories (id, name, name_en, seats, window_ms, wave_ms, ack_ms) "
            "VALUES ($1, $1, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            CATEGORIES,
        )
        await owner.execute("UPDATE categories SET priority = 1 WHERE id = 'urgent'")
        yield Town(PostgresCases(pool), pool, owner)
    finally:
        await pool.close()
        await owner.close()
