"""Who of an identity provider is which account, in PostgreSQL: keeps `dispatch.people.providers.LinkStore`."""

from typing import Final
from uuid import UUID

import asyncpg

from dispatch.adapters.postgres.factors import NONCE
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import fetch
from dispatch.people.ports import Account, Identity

LOGIN: Final = """
SELECT a.login FROM identities i JOIN accounts a ON a.id = i.account WHERE i.issuer = $1 AND i.subject = $2"""


class PostgresLinks:
    """On a pool. Raises: StoreAway, StoreBusy."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool, self._people = pool, PostgresPeople(pool)

    async def linked(self, identity: Identity) -> tuple[str, Account] | None:
        rows = await fetch(self._pool, LOGIN, *identity)
        if not rows:
            return None
        login = str(rows[0]["login"])
        account = await self._people.account(login)
        return (login, account) if account is not None else None

    async def account(self, login: str) -> Account | None:
        return await self._people.account(login)

    async def link(self, account: UUID, identity: Identity) -> bool:
        (row,) = await fetch(self._pool, "SELECT identity_link($1, $2, $3)", account, *identity)
        return bool(row[0])

    async def first_use(self, nonce: bytes, lasts_s: int) -> bool:
        return bool(await fetch(self._pool, NONCE, nonce, float(2 * lasts_s)))
