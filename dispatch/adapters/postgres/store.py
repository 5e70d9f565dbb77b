"""The judge and the record on PostgreSQL: each change one server-side call, each call one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres import claims, reports
from dispatch.adapters.postgres.pool import fetch, plan
from dispatch.cases.audience import OFFERING
from dispatch.cases.duplicates import ACTS, likely
from dispatch.cases.facts import Answer, CaseState, Fact, TalkState
from dispatch.cases.ports import (
    FIRED,
    ActDraft,
    ClaimDraft,
    DueWave,
    Heads,
    HistoryEntry,
    Likely,
    ReportDraft,
    StoreBusy,
    WideDraft,
)
from dispatch.cases.values import Event
from dispatch.limits import DUPLICATE_M, DUPLICATE_S, SWEEP_BATCH_MAX, TALK_KEPT_LINES
from geo.distance import bounding_box
from geo.point import Point

OPEN_CASES_PAGE = 1_000  # about 100 ms of one call, and never near STATEMENT_TIMEOUT_MS
DUE_WAVES_MAX = 500
FIRING = {  # nobody is asked by them: without the array of recipients a new connection need not ask for its type
    "window": "SELECT idx, ok, reason, response, facts, state FROM fire_window($1, $2)",
    "ack": "SELECT idx, ok, reason, response, facts, state FROM fire_ack($1, $2)",
    "check_in": "SELECT idx, ok, reason, response, facts, state FROM fire_check_in($1, $2)",
}
TALKS_PAGE = 500  # cases asked for their talks in one call: few have one

Draft = TypeVar("Draft", ReportDraft, ClaimDraft)

_encode = msgspec.json.Encoder().encode
_facts = msgspec.json.Decoder(tuple[Fact, ...])
_fact = msgspec.json.Decoder(Fact)
_state = msgspec.json.Decoder(CaseState)
_talk = msgspec.json.Decoder(TalkState)
_object = msgspec.json.Decoder(dict[str, Any])


def _text(value: object) -> str:
    return _encode(value).decode()


def _ids(values: Sequence[Any] | None) -> tuple[UUID, ...]:
    """The driver's own UUID class is slower to compare than it looks; keep it, it is a UUID."""
    return tuple(values) if values else ()


def read_answer(row: Any) -> Answer:
    """A row of the type `answer`."""
    state = _state.decode(row["state"]) if row["state"] else None
    recipients = _ids(row.get("recipients"))
    facts = tuple(
        # "received" comes with what became of it in the same commit, and that one carries the state.
        f
        if f.kind == Event.RECEIVED
        else msgspec.structs.replace(f, state=state, to=recipients if f.kind in OFFERING else ())
        for f in _facts.decode(row["facts"] or "[]")
    )
    response = _object.decode(row["response"]) if row["response"] else {}
    return Answer(ok=row["ok"], reason=row["reason"], response=response, facts=facts, state=state)


def _one(rows: Sequence[Any]) -> Answer:
    """The answer of the case that was addressed, with the facts of every case that the act touched."""
    own = next(read_answer(row) for row in rows if row["idx"] == 0)
    return msgspec.structs.replace(own, facts=tuple(fact for row in rows for fact in read_answer(row).facts))


def _read(row: Any) -> Fact:
    return msgspec.structs.replace(
        _fact.decode(row["fact"]),
        state=_state.decode(row["state"]) if row["state"] else None,
        to=_ids(row["recipients"]),
        asked=_ids(row["asked"]),
    )


class PostgresCases:
    """`dispatch.cases.ports.CaseStore` on a pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def warm(self) -> None:
        """Lets the pool's connections plan the calls for reports and claims before anybody waits for one: 15 to 25 ms
        for each.

        Raises: StoreAway, StoreBusy.
        """
        await plan(self._pool, (reports.ASK, reports.columns(())), (claims.ASK, claims.columns(())))

    async def report(self, drafts: Sequence[ReportDraft]) -> list[Answer]:
        return await self._batch(self._report, drafts)

    async def claim(self, drafts: Sequence[ClaimDraft]) -> list[Answer]:
        return await self._batch(self._claim, drafts)

    async def _report(self, drafts: Sequence[ReportDraft]) -> dict[int, Answer]:
        rows = await fetch(self._pool, reports.ASK, *reports.columns(drafts))
        return {row["idx"]: reports.answer_of(drafts[row["idx"]], row) for row in rows}

    async def _claim(self, drafts: Sequence[ClaimDraft]) -> dict[int, Answer]:
        rows = await fetch(self._pool, claims.ASK, *claims.columns(drafts))
        return {row["idx"]: claims.answer_of(drafts[row["idx"]], row) for row in rows}

    async def _batch(
        self, ask: Callable[[Sequence[Draft]], Awaitable[dict[int, Answer]]], drafts: Sequence[Draft]
    ) -> list[Answer]:
        """Answers in the order of the drafts. A row held elsewhere spoils only its own: the rest is asked singly."""
        try:
            answers = await ask(drafts)
        except StoreBusy:
            if len(drafts) == 1:
                return [Answer(ok=False, reason="busy", response={})]
            alone = await asyncio.gather(*(self._batch(ask, [draft]) for draft in drafts))
            return [answers[0] for answers in alone]
        return [answers[idx] for idx in range(len(drafts))]

    async def act(self, draft: ActDraft) -> Answer:
        if draft.event in ACTS:
            return _one(await fetch(self._pool, "SELECT * FROM group_cases($1)", _text(draft)))
        (row,) = await fetch(self._pool, "SELECT * FROM act_on_case($1)", _text(draft))
        return read_answer(row)

    async def pull(self, draft: ActDraft) -> list[Answer]:
        return [read_answer(row) for row in await fetch(self._pool, "SELECT * FROM pull_officer($1)", _text(draft))]

    async def widen(self, drafts: Sequence[WideDraft]) -> list[Answer]:
        return [read_answer(row) for row in await fetch(self._pool, "SELECT * FROM widen_offers($1)", _text(drafts))]

    async def set_duty(self, officer: UUID, on: bool, key: str, hash_: str, shift_min: int | None = None) -> Answer:
        asked = {"officer": officer, "on": on, "key": key, "hash": hash_, "shift_min": shift_min}
        (row,) = await fetch(self._pool, "SELECT * FROM set_duty($1)", _text(asked))
        return read_answer(row)

    async def set_desk_shift(self, account: UUID, station: str, on: bool, key: str, hash_: str) -> Answer:
        asked = {"account": account, "station": station, "on": on, "key": key, "hash": hash_}
        (row,) = await fetch(self._pool, "SELECT * FROM set_desk_shift($1)", _text(asked))
        return read_answer(row)

    async def due_stations(self) -> list[str]:
        return [row[0] for row in await fetch(self._pool, "SELECT * FROM due_stations()")]

    async def fire(self, station: str, *kinds: str) -> list[Answer]:
        fired: list[Any] = []
        for kind in kinds or FIRED:
            fired += await fetch(self._pool, FIRING[kind], station, SWEEP_BATCH_MAX)
        return [read_answer(row) for row in fired]

    async def due_waves(self) -> list[DueWave]:
        rows = await fetch(self._pool, "SELECT * FROM due_waves($1)", DUE_WAVES_MAX)
        return [DueWave._make([*list(row)[:-1], frozenset(row["asked"])]) for row in rows]

    async def by_key(self, scope: str, key: str) -> dict[str, Any] | None:
        rows = await fetch(self._pool, "SELECT response FROM idempotency WHERE scope = $1 AND key = $2", scope, key)
        return _object.decode(rows[0][0]) if rows and rows[0][0] else None

    async def heads(self) -> Heads:
        rows = await fetch(self._pool, "SELECT (SELECT epoch FROM meta), stream, next_offset FROM streams")
        epoch = str(rows[0][0]) if rows else ""
        return Heads(epoch, {row[1]: row[2] for row in rows})

    async def read_stream(self, stream: str, after: int, count: int) -> list[Fact]:
        rows = await fetch(self._pool, "SELECT * FROM read_stream($1, $2, $3)", stream, after, count)
        return [_read(row) for row in rows]

    async def open_cases(self) -> list[tuple[CaseState, frozenset[UUID]]]:
        """Page by page, so that no statement grows with their number. A case that changes meanwhile is as its page had
        it; whoever asks has read the streams' heads before and hears of the change."""
        found: list[tuple[CaseState, frozenset[UUID]]] = []
        known: dict[UUID, UUID] = {}  # one object an officer, however many offers name it
        after: tuple[str, datetime, UUID] = ("", datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
        while True:
            rows = await fetch(self._pool, "SELECT * FROM open_cases($1, $2, $3, $4)", *after, OPEN_CASES_PAGE)
            for row in rows:
                recipients = frozenset(known.setdefault(officer, officer) for officer in row["recipients"])
                found.append((_state.decode(row["state"]), recipients))
            if len(rows) < OPEN_CASES_PAGE:
                return sorted(found, key=lambda one: one[0].received_us)
            after = rows[-1]["station"], rows[-1]["received_at"], rows[-1]["id"]

    async def case(self, case: UUID) -> CaseState | None:
        rows = await fetch(self._pool, "SELECT state_of(c) FROM cases c WHERE id = $1", case)
        return _state.decode(rows[0][0]) if rows else None

    async def talks(self, cases: Sequence[UUID]) -> list[TalkState]:
        found: list[TalkState] = []
        for first in range(0, len(cases), TALKS_PAGE):
            some = list(cases[first : first + TALKS_PAGE])
            rows = await fetch(self._pool, "SELECT talks_of($1, $2)", some, TALK_KEPT_LINES)
            found += [_talk.decode(row[0]) for row in rows]
        return found

    async def talk(self, case: UUID, before: int | None, count: int) -> TalkState:
        (row,) = await fetch(self._pool, "SELECT talk_of($1, $2, $3)", case, before, count)
        return _talk.decode(row[0])

    async def history(self, case: UUID) -> list[HistoryEntry]:
        rows = await fetch(
            self._pool,
            "SELECT e.seq, e.kind, e.actor, e.at, o.call_sign, e.body "
            "FROM events e "
            "LEFT JOIN LATERAL (SELECT f.call_sign FROM officers f WHERE f.id = e.officer OFFSET 0) o ON true "
            "WHERE e.case_id = $1 ORDER BY e.seq",
            case,
        )
        return [
            HistoryEntry(r["seq"], r["kind"], r["actor"], r["at"], r["call_sign"], _object.decode(r["body"]))
            for r in rows
        ]

    async def duplicates(self, case: UUID) -> list[Likely]:
        own = await self.case(case)
        if own is None:
            return []
        box = bounding_box(Point(own.lat, own.lon), DUPLICATE_M)
        sides = (box.south, box.north, box.west, box.east)
        rows = await fetch(self._pool, "SELECT near_in_time($1, $2, $3, $4, $5, $6)", case, DUPLICATE_S, *sides)
        return likely(own, [_state.decode(row[0]) for row in rows])
