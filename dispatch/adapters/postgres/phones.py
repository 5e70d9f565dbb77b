"""Codes and the vault in PostgreSQL: keeps `dispatch.people.phones.PhoneStore`."""

from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.people.phones import CodeDraft

_encode = msgspec.json.Encoder().encode


class PostgresPhones:
    """On a pool. Raises: StoreAway, StoreBusy."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def code(self, draft: CodeDraft, per_day: int) -> str | None:
        return await self._one("SELECT phone_code($1, $2)", _encode(draft).decode(), per_day)

    async def day_key(self, drawn: bytes) -> bytes:
        (row,) = await fetch(self._pool, "SELECT day_key($1)", drawn)
        return bytes(row[0])

    async def tried(self, id_: UUID, code_mac: bytes) -> str | None:
        return await self._one("SELECT phone_tried($1, $2)", id_, code_mac)

    async def confirmed(self, id_: UUID) -> bool:
        (row,) = await fetch(self._pool, "SELECT phone_confirmed($1)", id_)
        return bool(row[0])

    async def sealed(self, id_: UUID) -> bytes | None:
        rows = await fetch(self._pool, "SELECT sealed FROM phone_codes WHERE id = $1 AND confirmed_at IS NOT NULL", id_)
        return rows[0][0] if rows else None

    async def keep(self, case: UUID, id_: UUID, number: bytes, name: bytes | None) -> None:
        await fetch(self._pool, "SELECT vault_keep($1, $2, $3, $4)", case, id_, number, name)

    async def open(self, case: UUID, actor: str, reason: str) -> tuple[bytes | None, bytes | None]:
        (row,) = await fetch(self._pool, "SELECT * FROM vault_open($1, $2, $3)", case, actor, reason)
        return row[0], row[1]

    async def _one(self, query: str, *values: object) -> str | None:
        (row,) = await fetch(self._pool, query, *values)
        return str(row[0]) if row[0] is not None else None
