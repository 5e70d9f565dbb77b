"""Connections to the primary, bounded in number and in time, and what its errors mean to the core."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.limits import CALL_S_MAX, IDLE_IN_TRANSACTION_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS

RETRIES_MAX = 3  # deadlocks and serialization failures: nothing happened, ask again
CONNECT_S_MAX = 3.0

SESSION = {
    "application_name": "onbeat",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    "client_connection_check_interval": "1000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "jit": "off",  # our calls are short; compiling them costs more than running them
    "plan_cache_mode": "force_generic_plan",  # the same few statements, always by key
    "enable_seqscan": "off",  # plans are kept: one made while a table was empty would scan it when it is full
}

GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientResourcesError,  # the disk is full among others
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
    OSError,
    TimeoutError,
    RuntimeError,  # what uvloop says of a transport that was reset: the driver passes it on as it is
)
HELD = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
KEYS = "idempotency_pkey"  # the same key at the same moment: the second one reads the first one's answer
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


async def connect_pool(dsn: str, *, size: int = 8) -> "asyncpg.Pool[asyncpg.Record]":
    """A pool of at most `size` connections. Does not wait for the database: calls do, each for its own time."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        server_settings=SESSION,
        timeout=CONNECT_S_MAX,
        command_timeout=CALL_S_MAX,
        max_inactive_connection_lifetime=300.0,
        reset=_keep,
    )


async def _keep(connection: Any) -> None:
    """Nothing to reset: no call of ours changes its session (SET LOCAL ends with its transaction). The driver's own
    reset is one more round trip for each call."""


@contextlib.contextmanager
def translated() -> Any:
    """Raises the core's words for the driver's errors: StoreAway (unknown outcome), StoreBusy (nothing happened)."""
    try:
        yield
    except HELD as error:
        raise StoreBusy(str(error)) from error
    except GONE as error:
        raise StoreAway(f"{type(error).__name__}: {error}") from error


@contextlib.asynccontextmanager
async def connection(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Any]:
    """A connection for several statements. Raises: StoreAway, StoreBusy."""
    with translated():
        async with pool.acquire(timeout=CALL_S_MAX) as one:
            yield one


async def fetch(pool: "asyncpg.Pool[asyncpg.Record]", query: str, *values: Any) -> list[Any]:
    """One statement, its own transaction. Retries what the database rolled back. Raises: StoreAway, StoreBusy."""
    for attempt in range(RETRIES_MAX + 1):
        try:
            with translated():
                async with asyncio.timeout(CALL_S_MAX), pool.acquire() as one:
                    return list(await one.fetch(query, *values))
        except AGAIN as error:
            if attempt == RETRIES_MAX:
                raise StoreBusy(str(error)) from error
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != KEYS:
                raise
            if attempt == RETRIES_MAX:
                raise StoreBusy(str(error)) from error
    raise AssertionError("unreachable")
