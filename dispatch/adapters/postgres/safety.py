"""Officers' safety in PostgreSQL. Keeps `dispatch.safety.ports.SafetyStore`."""

from typing import Any

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.facts import Answer, Fact
from dispatch.safety.panics import PanicBody
from dispatch.safety.ports import ClearDraft, PanicDraft

_encode = msgspec.json.Encoder().encode
_facts = msgspec.json.Decoder(tuple[Fact, ...]).decode
_response = msgspec.json.Decoder(dict[str, Any]).decode
_panic = msgspec.json.Decoder(PanicBody).decode


class PostgresSafety:
    """On a pool. Raises: StoreAway, StoreBusy."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def raise_panic(self, draft: PanicDraft) -> Answer:
        return await self._asked("SELECT * FROM raise_panic($1)", draft)

    async def clear_panic(self, draft: ClearDraft) -> Answer:
        return await self._asked("SELECT * FROM clear_panic($1)", draft)

    async def live_panics(self) -> list[PanicBody]:
        rows = await fetch(self._pool, "SELECT panic_body(p) FROM panics p WHERE cleared_at IS NULL")
        return [_panic(row[0]) for row in rows]

    async def _asked(self, query: str, draft: PanicDraft | ClearDraft) -> Answer:
        (row,) = await fetch(self._pool, query, _encode(draft).decode())
        return Answer(
            ok=row["ok"],
            reason=row["reason"],
            response=_response(row["response"]) if row["response"] else {},
            facts=_facts(row["facts"] or "[]"),
        )
