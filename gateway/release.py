"""The release role: `python -m gateway.release`. Brings the database up to this version; seeds an empty one.

Runs before the other roles, may run several times at once and any number of times: what is done is not done again.
It alone uses DATABASE_OWNER_URL. Exit codes: 0 done, 1 could not, 2 the environment is wrong.
"""

import asyncio
import json
import os
import random
import secrets
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.legal import check_rules
from dispatch.adapters.postgres.migrate import MigrationError, migrate
from dispatch.adapters.postgres.roles import ensure_login
from dispatch.people.values import Role
from gateway.demonstration import demonstration_town
from gateway.settings import Settings, SettingsError
from gateway.town import TownError, read_town, seed_town

SEED: Final = 320102  # of the demonstration's surnames: the district's own number
SEED_LOCK: Final = 0x0BEA8  # whoever seeds this database holds it
STATEMENT_S: Final = 300


async def release(settings: Settings) -> list[str]:
    """Migrations, rules, the lesser login, the town; what was done, a sentence each.

    Raises: MigrationError, TownError, ValueError with a sentence; asyncpg's and OS errors when the store is away.
    """
    owner = settings.database_owner_url
    app = await ensure_login(owner, settings.database_url)
    user = urlsplit(app).username or ""
    applied = await migrate(owner, app_role=user)
    did = [f"Applied {', '.join(applied)}." if applied else "The database is up to date."]
    did.append(f"The other roles work as {user}.")
    connection = await asyncpg.connect(owner, timeout=10, command_timeout=STATEMENT_S)
    try:
        await check_rules(connection)
        if settings.demo or settings.town:
            did.append(await _town(connection, settings))
    finally:
        await connection.close(timeout=10)
    return did


async def _town(connection: asyncpg.Connection, settings: Settings) -> str:
    """Seeds an empty database. One whose sign-ins got lost gets new ones, in the demonstration only."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEED_LOCK)
        town_id = str(await connection.fetchval("SELECT epoch FROM meta"))
        if await connection.fetchval("SELECT EXISTS (SELECT FROM stations)"):
            if not settings.demo or _belongs(settings.credentials, town_id):
                return "The town stands already."
            people = await _renew(connection, Argon2Passwords())
            said = f"The town stands already; its {len(people)} sign-ins were lost and made anew"
        else:
            people = await _seed(connection, settings)
            if settings.second_factor_required:  # a town at work: a password of a file is for the first sign-in alone
                await connection.execute("UPDATE accounts SET password_made = true")
            said = f"Seeded a town with {len(people)} sign-ins"
        # Before the commit: a town whose sign-ins nobody knows would be of no use.
        _write(settings.credentials, {"url": _url(settings), "town": town_id, "people": people})
    return f"{said}; they stand in {settings.credentials}."


async def _seed(connection: asyncpg.Connection, settings: Settings) -> list[dict[str, str]]:
    if settings.town is not None:
        found = await seed_town(connection, read_town(settings.town), rng=random.Random(SEED))
    else:
        # At full cost, so that an unknown login takes exactly as long as a known one here too.
        found = await seed_town(connection, demonstration_town(), rng=random.Random(SEED), passwords=Argon2Passwords())
    people: list[dict[str, str]] = found["people"]
    passwords = Argon2Passwords()
    for role in (Role.SUPERVISOR, Role.ADMIN):
        password = secrets.token_urlsafe(16)
        # A name that every service has is half a sign-in: of a town at work each has its own.
        login = str(role) if settings.demo else f"{role}-{secrets.token_hex(3)}"
        await connection.execute(
            "INSERT INTO accounts (id, login, password, role) VALUES ($1, $2, $3, $4)",
            uuid4(), login, passwords.hash_now(password), str(role),
        )  # fmt: skip
        people.append({"role": str(role), "login": login, "password": password})
    return people


async def _renew(connection: asyncpg.Connection, passwords: Argon2Passwords) -> list[dict[str, str]]:
    """New passwords for everybody; sessions stay."""
    rows = await connection.fetch(
        """
        SELECT a.id, a.role, a.login, a.station, o.call_sign, o.beat
        FROM accounts a LEFT JOIN officers o ON o.id = a.officer ORDER BY a.role, a.login
        """
    )
    people: list[dict[str, str]] = []
    for row in rows:
        password = secrets.token_urlsafe(16)
        hashed = await passwords.hash(password)
        await connection.execute("UPDATE accounts SET password = $2 WHERE id = $1", row["id"], hashed)
        one = {"role": row["role"], "login": row["login"], "password": password}
        more = {"station": row["station"], "call_sign": row["call_sign"], "beat": row["beat"]}
        one |= {name: value.removeprefix("beat:") for name, value in more.items() if value}
        people.append(one)
    return people


def _belongs(credentials: Path, town_id: str) -> bool:
    """Whether the file holds the sign-ins of this very database."""
    try:
        held = json.loads(credentials.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and held.get("town") == town_id


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    draft.replace(path)


def _url(settings: Settings) -> str:
    """Where a browser finds the service; a name and not an address, because passkeys need one."""
    everywhere = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 # nosec B104 - compared, not bound
    host = "localhost" if settings.host in everywhere else settings.host
    return f"http://{host}:{settings.port}"


def main() -> int:
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    try:
        for sentence in asyncio.run(release(settings)):
            print(sentence, flush=True)
    except (MigrationError, TownError, ValueError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"release: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
