"""Lets an admin in again whom nobody else can: another password, told once, no second factor, no suspension.

For the day when the only admin lost the phone and the paper. It speaks to the database, not to the service, so it needs
what only the operator has: the owner's address. The change stands in the changes and in the audit under `rescue:NAME`.

Exit codes: 0 done, 1 there is no such admin, 2 the database could not be reached.
"""

import argparse
import asyncio
import getpass
import json
import os
import sys
from typing import Any

import asyncpg

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.admin.service import make_password


async def rescued(database: str, login: str, reason: str, by: str) -> str | None:
    """The new password; None: there is no admin of this login. Raises: asyncpg's and OS errors."""
    password = make_password()
    connection = await asyncpg.connect(database, timeout=10, command_timeout=10)
    try:
        async with connection.transaction():
            version = await connection.fetchval(
                "SELECT version FROM accounts WHERE login = $1 AND role = 'admin' FOR NO KEY UPDATE", login
            )
            if version is None:
                return None
            draft: dict[str, Any] = {
                "login": login, "version": version, "password": Argon2Passwords().hash_now(password),
                "actor": f"rescue:{by}", "reason": reason, "factors": True, "let_in": True,
            }  # fmt: skip
            ok = await connection.fetchval("SELECT ok FROM reset_password($1)", json.dumps(draft))
            assert ok, "the row is locked and its version was read"
        return password
    finally:
        await connection.close()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/rescue",
        description="Lets an admin in again whom nobody else can: new password, no factor.",
    )
    parser.add_argument("login")
    parser.add_argument("--reason", required=True, help="why; kept with the change")
    parser.add_argument("--database", metavar="URL", help="as the owner of the tables; else DATABASE_OWNER_URL")
    asked = parser.parse_args(argv)
    database = asked.database or os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL")
    if not database:
        print("scripts/rescue: say --database URL, or set DATABASE_OWNER_URL", file=sys.stderr)
        return 2
    try:
        password = asyncio.run(rescued(database, asked.login, asked.reason, getpass.getuser()))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"scripts/rescue: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if password is None:
        print(f"scripts/rescue: there is no admin {asked.login}", file=sys.stderr)
        return 1
    print(f"The password, told this once: {password}\nSigning in asks for one of your own.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
