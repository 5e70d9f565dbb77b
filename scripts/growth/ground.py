"""A whole service for one curve: real stores once, a fresh database for each town, processes of every role as children.

async with Ground(folder) as ground:
    async with ground.town(officers=1_000, webs=2) as town:
        town.ports, town.cpu(), await town.meters(0)
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import asyncpg
import msgspec

from dispatch.adapters.postgres.migrate import migrate
from dispatch.adapters.postgres.roles import ensure_login, grant_membership
from dispatch.adapters.redis.bus import GENERATION, RedisBus, connect
from dispatch.limits import FIX_BATCH_MAX, GENERATION_AGE_S_MIN
from geo.point import Point
from scripts.bench_server import officer_id, role_env, seed
from scripts.children import Child, ChildError, Children
from scripts.growth.processes import cpu_s, resident_kib
from scripts.simulator.http import Http, Unanswered
from scripts.stores import ROOT, Store, Stores, free_port

READY_S: Final = 180.0  # a web process reads 100,000 open cases before it is ready
HEARD_S: Final = 60.0
TEMPLATE: Final = "growth_template"
ROLES: Final = ("sweeper", "relay")

Fill = Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[None]]


class GrowthError(Exception):
    """A curve could not be drawn: the sentence says why."""


@dataclass(slots=True)
class Town:
    """Running processes on a database of their own. `http`: one client a web process."""

    ground: "Ground"
    database_url: str
    app_url: str
    ports: list[int] = field(default_factory=list)
    children: Children = field(default_factory=Children)
    http: list[Http] = field(default_factory=list)
    start_s: float = 0.0

    @property
    def webs(self) -> list[str]:
        return [name for name in self.children.names if name.startswith("web")]

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far by role, and those of the stores."""
        spent: dict[str, float] = {}
        for name in self.children.names:
            pid = self.children.pid(name)
            if pid is None:
                raise GrowthError(f"{name} is not running")
            role = name.partition("-")[0]
            spent[role] = spent.get(role, 0.0) + cpu_s(pid)
        for store in Store:
            spent[store.value] = cpu_s(self.ground.stores.pid(store) or 0)
        return spent

    def resident_kib(self, web: int = 0) -> int:
        return resident_kib(self.children.pid(self.webs[web]) or 0)

    async def meters(self, web: int = 0) -> dict[str, Any]:
        """What the web process says of itself: `positions` known, `open` cases, `pause_ms` since last asked."""
        answer = await self.http[web].ask("GET", "/bench/meters")
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found

    async def feed(self, places: dict[int, Point]) -> None:
        """Positions over the bus, as another process's flush brings them, until every web process knows them all."""
        client = connect(self.ground.stores.redis_url)
        bus = RedisBus(client, self.ground.stores.redis_url, "growth")
        fixes = [(officer_id(number), place.lat, place.lon, 10.0, 0.0) for number, place in places.items()]
        running = asyncio.create_task(bus.run())
        try:
            for first in range(0, len(fixes), FIX_BATCH_MAX):
                bus.post_fixes(fixes[first : first + FIX_BATCH_MAX])
                await asyncio.sleep(0.02)
            for web in range(len(self.ports)):
                ends = time.monotonic() + HEARD_S
                while (await self.meters(web))["positions"] < len(fixes):
                    if time.monotonic() > ends:
                        raise GrowthError(f"a web process did not hear {len(fixes)} positions in {HEARD_S:.0f} s")
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await client.aclose()


class Ground:
    """Stores in a folder, and towns on them one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stores = folder, Stores(folder)
        self._towns = 0

    async def __aenter__(self) -> Self:
        await self.stores.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stores.stop()

    def _url(self, database: str) -> str:
        return self.stores.database_url.rpartition("/")[0] + "/" + database

    async def database(self, officers: int) -> tuple[str, str]:
        """A migrated database with the yardstick's town: (owner's address, the lesser role's)."""
        self._towns += 1
        name = f"growth_{self._towns}"
        admin = await asyncpg.connect(self.stores.database_url)
        try:
            if self._towns == 1:
                await admin.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
                await admin.execute(f"CREATE DATABASE {TEMPLATE}")
                await migrate(self._url(TEMPLATE))
            await admin.execute(f"DROP DATABASE IF EXISTS {name}")
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        finally:
            await admin.close()
        owner = self._url(name)
        app = await ensure_login(owner)
        connection = await asyncpg.connect(owner)
        try:
            await grant_membership(connection, urlsplit(app).username or "")
        finally:
            await connection.close()
        await seed(owner, officers)
        return owner, app

    async def forget(self, owner: str) -> None:
        """The database of a town goes, with an autovacuum that may be at work in it: only a superuser ends that."""
        admin = await asyncpg.connect(self.stores.admin_url)
        try:
            await admin.execute(f"DROP DATABASE IF EXISTS {owner.rpartition('/')[2]} WITH (FORCE)")
        finally:
            await admin.close()

    @contextlib.asynccontextmanager
    async def town(self, *, officers: int, webs: int = 1, fill: Fill | None = None) -> AsyncIterator[Town]:
        """A running town; `fill` furnishes its database before any process starts."""
        owner, app = await self.database(officers)
        town = Town(self, owner, app)
        try:
            if fill is not None:
                connection = await asyncpg.connect(owner)
                try:
                    await fill(connection)
                finally:
                    await connection.close()
            await self._age_the_index()
            async with town.children:
                await self._start(town, webs)
                try:
                    yield town
                finally:
                    for http in town.http:
                        await http.close()
        finally:
            await self.forget(owner)

    async def _age_the_index(self) -> None:
        """Redis is emptied, its index of positions said to be old enough: a start does not wait to trust it."""
        client = connect(self.stores.redis_url)
        try:
            await client.flushall()
            seconds, _ = await client.time()
            await client.set(GENERATION, repr(float(seconds) - 2 * GENERATION_AGE_S_MIN))
        finally:
            await client.aclose()

    async def _start(self, town: Town, webs: int) -> None:
        env = role_env(dict(os.environ) | {"DATABASE_URL": town.app_url, "REDIS_URL": self.stores.redis_url})
        for role in ROLES:
            town.children.start(self._child(role, ("-m", f"gateway.{role}"), env))
        town.ports = [free_port() for _ in range(webs)]
        began = time.monotonic()
        for number, port in enumerate(town.ports):
            words = ("-m", "scripts.bench_server", "--role", "web")
            town.children.start(self._child(f"web-{number}", words, env | {"PORT": str(port)}))
        town.http = [Http(f"http://127.0.0.1:{port}") for port in town.ports]
        for http in town.http:
            await self._until_ready(town, http, began + READY_S)
        town.start_s = time.monotonic() - began

    def _child(self, name: str, words: Sequence[str], env: dict[str, str]) -> Child:
        return Child(name, (sys.executable, *words), env, self.folder / "log" / f"{name}.log", ROOT, stop_s=5.0)

    @staticmethod
    async def _until_ready(town: Town, http: Http, ends: float) -> None:
        while time.monotonic() < ends:
            for name in town.children.names:
                town.children.check(name)
            with contextlib.suppress(Unanswered):
                if (await http.ask("GET", "/readyz")).status == 200:
                    return
            await asyncio.sleep(0.05)
        raise ChildError("web", f"was not ready within {READY_S:.0f} s")
