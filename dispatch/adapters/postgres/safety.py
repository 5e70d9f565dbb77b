"""Officers' safety in PostgreSQL. Keeps the ports of `dispatch.safety`: `SafetyStore` and `HazardStore`."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.facts import Answer, Fact
from dispatch.safety.hazards import EndDraft, Hazard, HazardDraft, PlaceKnown
from dispatch.safety.panics import PanicBody
from dispatch.safety.ports import ClearDraft, PanicDraft

HAZARDS_MAX: Final = 500
HAZARDS: Final = """
SELECT id AS hazard, lat, lon, words, reason, written_at, expires_at FROM hazards
WHERE station = $1 AND ended_at IS NULL AND expires_at > clock_timestamp() ORDER BY written_at DESC LIMIT $2"""

_encode = msgspec.json.Encoder().encode
_facts = msgspec.json.Decoder(tuple[Fact, ...]).decode
_known = msgspec.json.Decoder(PlaceKnown).decode
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

    # --- what is known of a place
    async def write_hazard(self, draft: HazardDraft) -> Answer:
        return await self._asked("SELECT * FROM write_hazard($1)", draft)

    async def end_hazard(self, draft: EndDraft) -> Answer:
        return await self._asked("SELECT * FROM end_hazard($1)", draft)

    async def hazards_of(self, station: str) -> list[Hazard]:
        rows = await fetch(self._pool, HAZARDS, station, HAZARDS_MAX)
        return [Hazard(**dict(row)) for row in rows]

    async def known_of(self, case: UUID, reader: str) -> PlaceKnown:
        (row,) = await fetch(self._pool, "SELECT read_place($1, $2)", case, reader)
        return _known(row[0])

    async def _asked(self, query: str, draft: PanicDraft | ClearDraft | HazardDraft | EndDraft) -> Answer:
        (row,) = await fetch(self._pool, query, _encode(draft).decode())
        return Answer(
            ok=row["ok"],
            reason=row["reason"],
            response=_response(row["response"]) if row["response"] else {},
            facts=_facts(row["facts"] or "[]"),
        )
