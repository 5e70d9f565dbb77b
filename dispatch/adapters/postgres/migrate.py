"""Forward-only migrations: named SQL files, applied once each, by one runner at a time.

A file is `NNNN_name.sql`; it runs whole, in one transaction with the row in `schema_migrations` that says so.
What has been applied is history: a file whose content changed since, one that vanished, or a new one that
sorts before an applied one, is refused with a sentence and nothing is done. Steps in Python follow the files
on every run, in one transaction: they load what the code holds as its source (the rules, their guards).

The lock is an advisory lock of the session, so the owner's address must not lead through a pooler that
shares sessions between clients.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from dispatch.adapters.postgres.roles import MigrationError, grant_membership, make_group
from dispatch.adapters.postgres.steps import STEPS

__all__ = ["MIGRATIONS", "MigrationError", "Step", "migrate", "read_files"]

Step = Callable[[asyncpg.Connection], Awaitable[None]]

MIGRATIONS: Final = Path(__file__).with_name("migrations")
LOCK: Final = 0x0BEA7  # any fixed number: who migrates this database holds it
LOCK_WAIT_S: Final = 120  # another runner's longest migration
BLOCKED_S: Final = 10  # a migration that waits longer for a table's lock gives up instead of stopping traffic

_NAME: Final = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One migration; `sha256` in hex, of its bytes."""

    name: str
    sql: str
    sha256: str

    @property
    def number(self) -> str:
        return self.name[:4]


def read_files(directory: Path = MIGRATIONS) -> list[SqlFile]:
    """The migrations in their order. Raises: MigrationError for a strange name or a number used twice."""
    files: list[SqlFile] = []
    for path in sorted(directory.glob("*.sql")):
        if not _NAME.fullmatch(path.name):
            raise MigrationError(f"{path.name} is not named NNNN_name.sql (small letters, digits, underscores)")
        content = path.read_bytes()
        files.append(SqlFile(path.name, content.decode(), hashlib.sha256(content).hexdigest()))
        if len(files) > 1 and files[-2].number == files[-1].number:
            raise MigrationError(f"{files[-2].name} and {files[-1].name} have the same number")
    return files


async def migrate(
    owner_dsn: str,
    *,
    app_role: str | None = None,
    directory: Path = MIGRATIONS,
    steps: Sequence[Step] = STEPS,
) -> list[str]:
    """Bring the database of `owner_dsn` up to date; the names of the files that were applied just now.

    `app_role` is an existing login role that becomes a member of the group `onbeat_app`, which the files
    grant to; the group is made first. Harmless to repeat and to run several times at once.

    Raises: MigrationError with a sentence; asyncpg's and OS errors when the database is away.
    """
    files = read_files(directory)
    connection = await asyncpg.connect(owner_dsn, timeout=10, command_timeout=None)
    try:
        await _take_lock(connection)
        await make_group(connection)
        applied = await _apply(connection, files)
        async with connection.transaction():
            for step in steps:
                await step(connection)
        if app_role is not None:
            await grant_membership(connection, app_role)
        return applied
    finally:
        # Closing the session gives the lock free.
        await connection.close(timeout=10)


async def _take_lock(connection: asyncpg.Connection) -> None:
    await connection.execute(f"SET lock_timeout = '{LOCK_WAIT_S}s'")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    except asyncpg.LockNotAvailableError:
        raise MigrationError(f"another runner has been migrating this database for {LOCK_WAIT_S} s") from None
    await connection.execute(f"SET lock_timeout = '{BLOCKED_S}s'")


async def _apply(connection: asyncpg.Connection, files: Sequence[SqlFile]) -> list[str]:
    await connection.execute(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            name text PRIMARY KEY, sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """
    )
    rows = await connection.fetch("SELECT name, sha256 FROM schema_migrations ORDER BY name")
    done: dict[str, str] = {row["name"]: row["sha256"] for row in rows}
    _refuse_rewritten_history(files, done)
    applied: list[str] = []
    for file in files:
        if file.name in done:
            continue
        try:
            async with connection.transaction():
                # Without arguments asyncpg sends the text as it is: several statements, bodies in dollars.
                await connection.execute(file.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", file.name, file.sha256
                )
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{file.name}{_line(error, file.sql)} failed and left no trace: {error}") from error
        applied.append(file.name)
    return applied


def _refuse_rewritten_history(files: Sequence[SqlFile], done: dict[str, str]) -> None:
    present = {file.name for file in files}
    newest = max(done, default="")
    for name in done:
        if name not in present:
            raise MigrationError(f"the database has {name}, which this version does not know: it is newer")
    for file in files:
        if file.name in done and done[file.name] != file.sha256:
            raise MigrationError(
                f"{file.name} was changed after it had been applied: restore it and write a new migration"
            )
        if file.name not in done and file.name < newest:
            raise MigrationError(f"{file.name} sorts before {newest}, already applied: give it a higher number")


def _line(error: asyncpg.PostgresError, sql: str) -> str:
    position = getattr(error, "position", None)
    return f" line {sql.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
