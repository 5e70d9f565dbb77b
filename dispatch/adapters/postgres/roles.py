"""The lesser database role: a group that the migrations grant to, and a login that belongs to it.

`onbeat_app` is the group (nobody signs in as it). The login is the user of `DATABASE_URL` where the owner has
an address of its own; where there is one address only, a login is derived from it: every process that knows
the owner's address computes the same lesser one, and none has to be stored.

The login carries the limits that keep a frozen process from holding a case (DECISIONS D1).
"""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from dispatch import limits

__all__ = ["APP_SETTINGS", "GROUP", "MigrationError", "derived_app_dsn", "ensure_login", "same_user"]

GROUP: Final = "onbeat_app"
APP_SETTINGS: Final[dict[str, str]] = {
    "idle_in_transaction_session_timeout": f"{limits.IDLE_IN_TRANSACTION_MS}ms",
    "statement_timeout": f"{limits.STATEMENT_TIMEOUT_MS}ms",
    "lock_timeout": f"{limits.LOCK_TIMEOUT_MS}ms",
    # A judge whose caller is gone stops within this time instead of finishing for nobody.
    "client_connection_check_interval": "1000ms",
    "timezone": "UTC",
}
_ITERATIONS: Final = 4096  # PostgreSQL's own default; the derived password is random enough for any


class MigrationError(Exception):
    """The database cannot be brought up to date; the message is a sentence a person can act on."""


def derived_app_dsn(owner_dsn: str) -> str:
    """The lesser address that belongs to an owner's address: same server, same database, another user.

    The user is named for the database, so that several databases on one server do not share one. The
    password is an HMAC of the owner's; without one (trusted or peer connections) there is none.
    """
    parts = urlsplit(owner_dsn)
    database = parts.path.lstrip("/")
    user = "onbeat_app_" + hashlib.sha256(unquote(database).encode()).hexdigest()[:10]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query.pop("user", None)
    query.pop("passfile", None)
    secret = unquote(parts.password or "") or query.pop("password", "")
    query.pop("password", None)
    word = ""
    if secret:
        digest = hmac.digest(secret.encode(), b"onbeat app role of " + database.encode(), "sha256")
        word = ":" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
    hosts = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{user}{word}@{hosts}", parts.path, urlencode(query), ""))


def same_user(one_dsn: str, other_dsn: str) -> bool:
    """Whether both addresses sign in as the same user."""
    return _user(one_dsn) == _user(other_dsn)


async def ensure_login(owner_dsn: str, app_dsn: str | None = None) -> str:
    """The lesser address, its login made: `app_dsn`, or the derived one when that is None or the owner's.

    A login that exists under `app_dsn` keeps its password; the derived one always gets the derived one.
    Group membership and settings follow in `migrate(..., app_role=...)`.

    Raises: MigrationError when the owner may not make roles.
    """
    derived = derived_app_dsn(owner_dsn)
    dsn = derived if app_dsn is None or same_user(owner_dsn, app_dsn) else app_dsn
    name, password = _user(dsn), unquote(urlsplit(dsn).password or "")
    connection = await asyncpg.connect(owner_dsn, timeout=10)
    try:
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
        if exists and dsn != derived:
            return dsn
        # Only a verifier travels: the statement may end up in the server's log.
        word = f"PASSWORD '{_scram_verifier(password)}'" if password else "PASSWORD NULL"
        verb = "ALTER" if exists else "CREATE"
        await _as_administrator(
            connection,
            f"{verb} ROLE {_quoted(name)} LOGIN {word}",
            may_exist=True,
            purpose=f"make the role {name}",
        )
        return dsn
    finally:
        await connection.close(timeout=10)


async def make_group(connection: asyncpg.Connection) -> None:
    """The group exists afterwards. Raises: MigrationError when the owner may not make it."""
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", GROUP):
        await _as_administrator(
            connection, f"CREATE ROLE {GROUP} NOLOGIN", may_exist=True, purpose=f"make the role {GROUP}"
        )


async def grant_membership(connection: asyncpg.Connection, login: str) -> None:
    """`login` belongs to the group and carries the settings, in this database. Writes only what differs."""
    member = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = $1::text::regrole
                       AND m.member = (SELECT oid FROM pg_roles WHERE rolname = $2))
        """,
        GROUP,
        login,
    )
    if not member:
        await _as_administrator(connection, f"GRANT {GROUP} TO {_quoted(login)}", purpose=f"let {login} into {GROUP}")
    database = await connection.fetchval("SELECT current_database()")
    present = await connection.fetchval(
        """
        SELECT s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        WHERE r.rolname = $1 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = $2)
        """,
        login,
        database,
    )
    # PostgreSQL spells a few names with capitals.
    held = {setting.partition("=")[0].lower(): setting.partition("=")[2] for setting in present or []}
    for name, value in APP_SETTINGS.items():
        if held.get(name) != value:
            await _as_administrator(
                connection,
                f"ALTER ROLE {_quoted(login)} IN DATABASE {_quoted(database)} SET {name} = '{value}'",
                purpose=f"set {name} for {login}",
            )


async def _as_administrator(
    connection: asyncpg.Connection, statement: str, *, purpose: str, may_exist: bool = False
) -> None:
    try:
        await connection.execute(statement)
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        # Roles belong to the whole server: a runner of another database may have made it just now.
        if not may_exist:
            raise
    except asyncpg.InternalServerError as error:
        # The same statement of another release at this very moment; PostgreSQL knows no code of its own for it.
        if not may_exist or "tuple concurrently updated" not in str(error):
            raise
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"the owner may not {purpose} ({error}): give DATABASE_OWNER_URL a role with CREATEROLE, or let "
            f"an administrator run once: {statement.partition(' PASSWORD ')[0]}"
        ) from error


def _user(dsn: str) -> str:
    parts = urlsplit(dsn)
    return unquote(parts.username or "") or dict(parse_qsl(parts.query)).get("user", "")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _scram_verifier(password: str) -> str:
    """What PostgreSQL itself would store (RFC 5802).

    The salt follows from the password: a repeat changes nothing.
    """
    salt = hashlib.sha256(b"onbeat salt" + password.encode()).digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{words[0]}${words[1]}:{words[2]}"
