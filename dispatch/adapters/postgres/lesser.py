"""Never work as the owner: where a role was given the owner's address, it uses the lesser one that belongs to it."""

import asyncpg

from dispatch.adapters.postgres.pool import CONNECT_S_MAX, translated
from dispatch.adapters.postgres.roles import derived_app_dsn


async def lesser_dsn(dsn: str) -> str:
    """`dsn`, or the address that a release derived from it where its user owns the tables.

    Raises: StoreAway while the database does not answer.
    """
    with translated():
        connection = await asyncpg.connect(dsn, timeout=CONNECT_S_MAX)
        try:
            owns = await connection.fetchval(
                """
                SELECT pg_has_role(current_user, c.relowner, 'MEMBER') FROM pg_class c
                WHERE c.oid = to_regclass('public.cases')
                """
            )
        finally:
            await connection.close(timeout=CONNECT_S_MAX)
    return derived_app_dsn(dsn) if owns else dsn
