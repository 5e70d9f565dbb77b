"""Connections to the primary, bounded in number and in time, and what its errors mean to the core."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from dispatch.adapters.postgres.openings import Openings
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.limits import CALL_S_MAX, IDLE_IN_TRANSACTION_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS

RETRIES_MAX = 3  # deadlocks and serialization failures: nothing happened, ask again
CONNECT_S_MAX = 3.0
QUERIES_MAX = 50_000  # of one connection, then it is made anew: the driver's own number

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
    asyncpg.InternalClientError,  # the server has said that it ends the connection, and the end itself is on its way
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


class SparingPool(asyncpg.Pool):  # type: ignore[misc]
    """The driver's pool, and who may have it open another connection."""

    def __init__(self, dsn: str, **settings: Any) -> None:
        super().__init__(
            dsn,
            max_queries=QUERIES_MAX,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            **settings,
        )
        self.openings = Openings()


async def connect_pool(dsn: str, *, size: int = 8) -> "asyncpg.Pool[asyncpg.Record]":
    """A pool of at most `size` connections. Does not wait for the database: calls do, each for its own time."""
    return await SparingPool(
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
async def _lent(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Any]:
    """A connection of the pool's, a free one rather than a new one."""
    passed = pool.openings.passed(pool) if isinstance(pool, SparingPool) else contextlib.nullcontext()
    async with passed, pool.acquire() as one:
        try:
            yield one
        except asyncpg.InternalClientError:  # nobody else is to be lent it, however long its end takes
            one.terminate()
            raise


@contextlib.asynccontextmanager
async def connection(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Any]:
    """A connection for several statements. Raises: StoreAway, StoreBusy."""
    with translated():
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(CALL_S_MAX):
                one = await stack.enter_async_context(_lent(pool))
            yield one


async def plan(pool: "asyncpg.Pool[asyncpg.Record]", *calls: tuple[str, Sequence[Any]]) -> None:
    """Opens all of the pool's connections and has each plan these calls. Raises: StoreAway, StoreBusy."""
    with translated():
        async with asyncio.timeout(CALL_S_MAX), contextlib.AsyncExitStack() as stack:
            every = [await stack.enter_async_context(pool.acquire()) for _ in range(pool.get_max_size())]
            for query, values in calls:
                await asyncio.gather(*(one.fetch(query, *values) for one in every))


async def fetch(pool: "asyncpg.Pool[asyncpg.Record]", query: str, *values: Any) -> list[Any]:
    """One statement, its own transaction. Retries what the database rolled back. Raises: StoreAway, StoreBusy."""
    for attempt in range(RETRIES_MAX + 1):
        try:
            with translated():
                async with asyncio.timeout(CALL_S_MAX), _lent(pool) as one:
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
