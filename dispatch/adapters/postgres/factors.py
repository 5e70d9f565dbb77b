"""Second factors in PostgreSQL: keeps `dispatch.people.factors.FactorStore`."""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.people.factors import Factor, FactorDraft

OF: Final = """
SELECT id, kind, name, secret, credential, public_key, sign_count,
    (extract(epoch FROM made_at) * 1000000)::bigint AS made_us,
    (extract(epoch FROM used_at) * 1000000)::bigint AS used_us
FROM factors WHERE account = $1 ORDER BY made_at"""
NONCE: Final = """
INSERT INTO tickets_used (nonce, expires_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT DO NOTHING RETURNING 1"""

_encode = msgspec.json.Encoder().encode


class PostgresFactors:
    """On a pool. Raises: StoreAway, StoreBusy."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def factors_of(self, account: UUID) -> list[Factor]:
        rows = await fetch(self._pool, OF, account)
        return [Factor(**{name: value for name, value in row.items() if value is not None}) for row in rows]

    async def keep(self, draft: FactorDraft, recovery: list[bytes]) -> str | None:
        (row,) = await fetch(self._pool, "SELECT factor_keep($1, $2)", _encode(draft).decode(), recovery)
        return str(row[0]) if row[0] is not None else None

    async def step(self, factor: UUID, step: int) -> bool:
        return await self._true("SELECT factor_step($1, $2)", factor, step)

    async def signed(self, factor: UUID, count: int) -> bool:
        return await self._true("SELECT factor_signed($1, $2)", factor, count)

    async def recovery_used(self, account: UUID, mac: bytes) -> bool:
        return await self._true("SELECT recovery_used($1, $2)", account, mac)

    async def forget(self, account: UUID, factor: UUID, actor: str, *, keep_one: bool) -> str | None:
        (row,) = await fetch(self._pool, "SELECT factor_forget($1, $2, $3, $4)", account, factor, actor, keep_one)
        return str(row[0]) if row[0] is not None else None

    async def refused(self, account: UUID, kind: str, why: str) -> None:
        body = _encode({"kind": kind, "why": why}).decode()
        await fetch(self._pool, "SELECT audit_entry($1, $2, 'second_refused', $3)", f"account:{account}",
                    f"account:{account}", body)  # fmt: skip

    async def first_use(self, nonce: bytes, lasts_s: int) -> bool:
        return bool(await fetch(self._pool, NONCE, nonce, float(2 * lasts_s)))

    async def _true(self, query: str, *values: object) -> bool:
        (row,) = await fetch(self._pool, query, *values)
        return bool(row[0])
