"""Histories of numbers in the vault: keeps `dispatch.abuse.histories.HistoryStore`."""

from collections.abc import Sequence
from uuid import UUID

from dispatch.adapters.postgres.phones import PostgresPhones
from dispatch.adapters.postgres.pool import fetch
from dispatch.cases.values import Disposition
from dispatch.limits import TRUST_DAYS


class PostgresHistories(PostgresPhones):
    """On a pool. Raises: StoreAway, StoreBusy."""

    async def history(self, key: bytes) -> bytes | None:
        (row,) = await fetch(self._pool, "SELECT vault_history($1)", key)
        return bytes(row[0]) if row[0] is not None else None

    async def replace(self, key: bytes, old: bytes | None, new: bytes) -> bool:
        (row,) = await fetch(self._pool, "SELECT vault_remember($1, $2, $3)", key, old, new)
        return bool(row[0])

    async def ended(self, cases: Sequence[UUID]) -> dict[UUID, Disposition | None]:
        rows = await fetch(self._pool, "SELECT * FROM ended_of_cases($1, $2)", list(cases), TRUST_DAYS)
        return {row[0]: Disposition(row[1]) if row[1] is not None else None for row in rows}
