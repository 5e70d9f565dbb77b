"""A whole service on this machine, to be hurt: both stores and several processes of every role, as children.

    async with Fleet(folder, town, Shape(webs=3)) as fleet:
        fleet.urls                      # where people come in
        fleet.children.kill("web-1")    # it comes back by itself
        fleet.parts["web-2"].postgres.add(BlackHole())
        fleet.heal()

With `proxied` a TCP fault proxy stands between every process and each store, and before every web process. Ready
inside, gone without a trace after. Limits and authorisation are on; X-Forwarded-For is believed, so that
everybody has an address of their own.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from dispatch.adapters.postgres.roles import derived_app_dsn
from scripts.children import Child, ChildError, Children, run_once
from scripts.clocks import false_clock, tidy
from scripts.faults.proxy import FaultProxy
from scripts.simulator.http import Http, Unanswered
from scripts.stores import ROOT, Store, Stores, free_port

MODULES: Final = {"web": "gateway.app", "sweeper": "gateway.sweeper", "relay": "gateway.relay"}
RELEASE_S: Final = 120.0
READY_S: Final = 90.0
STOP_S: Final = 5.0
CONNECTIONS_MAX: Final = 8_192


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of each role; `proxied`: through fault proxies; `clocks`: false ones (`clocks.py`), for the processes of
    each role in turn. The stores keep the true clock."""

    webs: int = 3
    sweepers: int = 3
    relays: int = 2
    proxied: bool = True
    clocks: tuple[str, ...] = ()


@dataclass(slots=True)
class Part:
    """One process and the proxies round it; `door` stands before a web process only; `clock` empty: the true one."""

    name: str
    role: str
    postgres: FaultProxy | None = None
    redis: FaultProxy | None = None
    door: FaultProxy | None = None
    url: str = ""
    direct: str = ""
    clock: str = ""

    @property
    def proxies(self) -> tuple[FaultProxy, ...]:
        return tuple(p for p in (self.postgres, self.redis, self.door) if p is not None)


class Fleet:
    """`async with Fleet(...)`. Raises: StoresError, ClockError, ChildError (with the end of its log)."""

    def __init__(self, folder: Path, town: dict[str, Any], shape: Shape | None = None, *, seed: int = 0) -> None:
        self.folder, self.shape = folder, shape or Shape()
        self._town, self._dice = town, random.Random(f"{seed}:fleet")
        self.stores = Stores(folder)
        self.children = Children()
        self.parts: dict[str, Part] = {}
        self._open = contextlib.AsyncExitStack()

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials.json"

    @property
    def webs(self) -> list[Part]:
        return [part for part in self.parts.values() if part.role == "web"]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where people come in, one a web process: through its door where there is one."""
        return tuple(part.url for part in self.webs)

    def of_role(self, role: str) -> list[Part]:
        return [part for part in self.parts.values() if part.role == role]

    async def __aenter__(self) -> Self:
        try:
            await self.stores.start()
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def owner(self) -> asyncpg.Connection:
        """A connection of the owner's, past every proxy."""
        return await asyncpg.connect(self.stores.database_url, timeout=10)

    def heal(self) -> None:
        """Every toxic goes, everything frozen goes on. What was killed comes back by itself."""
        for part in self.parts.values():
            for proxy in part.proxies:
                proxy.heal()
            self.children.resume(part.name)
        for store in Store:
            self.stores.resume(store)

    async def ready(self, timeout_s: float = READY_S) -> float:
        """Seconds until every web process says that the service is whole. Raises: ChildError."""
        began = time.monotonic()
        await asyncio.gather(*(self._until_ready(part, began + timeout_s) for part in self.webs))
        return time.monotonic() - began

    # --- life
    async def _end(self) -> None:
        self.heal()
        await self.children.stop()
        await self._open.aclose()
        await self.stores.stop()
        if self.shape.clocks:
            tidy()

    async def _start(self) -> None:
        town = self.folder / "town.json"
        town.write_text(json.dumps(self._town))
        for role, count in (("relay", self.shape.relays), ("sweeper", self.shape.sweepers), ("web", self.shape.webs)):
            for number in range(1, count + 1):
                part = await self._part(role, number)
                self.parts[part.name] = part
        owner = self.stores.database_url
        common = {name: value for name, value in os.environ.items() if not name.startswith("ONBEAT_")}
        common |= {
            "DATABASE_URL": derived_app_dsn(owner),
            "REDIS_URL": self.stores.redis_url,
            "HOST": "127.0.0.1",
            "ONBEAT_CREDENTIALS": str(self.credentials),
            "ONBEAT_TOWN": str(town),
            "ONBEAT_PLAIN": "1",  # stores may be anywhere that a test says
            "ONBEAT_SECOND_FACTOR": "offered",  # simulated people carry no second phone
            "ONBEAT_PEPPER": secrets.token_urlsafe(32),
            "ONBEAT_TICKET_KEY": secrets.token_urlsafe(32),
            "ONBEAT_TRUSTED_PROXY": "1",
            "ONBEAT_READ_LIMITS": "100",  # who judges a run reads as no person does
            "ONBEAT_REPORT_LIMITS": "1000",  # on, but a city's week in minutes is no flood
            "ONBEAT_ORIGINS": ",".join({url for part in self.webs for url in (part.url, part.direct)}),
        }
        release = Child("release", self._argv("gateway.release"), {**common, "DATABASE_OWNER_URL": owner},
                        self.folder / "log" / "release.log", ROOT)  # fmt: skip
        await run_once(release, RELEASE_S)
        common.pop("DATABASE_OWNER_URL", None)
        for part in self.parts.values():
            self.children.start(self._child(part, common))
        await self.ready()

    async def _part(self, role: str, number: int) -> Part:
        part = Part(f"{role}-{number}", role)
        if self.shape.clocks:
            part.clock = self.shape.clocks[(number - 1) % len(self.shape.clocks)]
        if role == "web":
            part.direct = part.url = f"http://127.0.0.1:{free_port()}"
        if self.shape.proxied:
            part.postgres = await self._proxy(self.stores.port(Store.POSTGRES))
            part.redis = await self._proxy(self.stores.port(Store.REDIS))
            if role == "web":
                part.door = await self._proxy(urlsplit(part.direct).port or 0)
                part.url = f"http://127.0.0.1:{part.door.address[1]}"
        return part

    async def _proxy(self, port: int) -> FaultProxy:
        seed = self._dice.getrandbits(31)
        proxy = FaultProxy(("127.0.0.1", port), seed=seed, connections_max=CONNECTIONS_MAX)
        return await self._open.enter_async_context(proxy)

    def _child(self, part: Part, common: dict[str, str]) -> Child:
        env = dict(common)
        if part.postgres is not None and part.redis is not None:
            env["DATABASE_URL"] = _through(env["DATABASE_URL"], part.postgres)
            env["REDIS_URL"] = _through(env["REDIS_URL"], part.redis)
        if part.direct:
            env["PORT"] = str(urlsplit(part.direct).port)
        if part.clock:
            env |= false_clock(part.clock)
        log = self.folder / "log" / f"{part.name}.log"
        return Child(part.name, self._argv(MODULES[part.role]), env, log, ROOT, stop_s=STOP_S)

    @staticmethod
    def _argv(module: str) -> tuple[str, ...]:
        return sys.executable, "-m", module

    async def _until_ready(self, part: Part, ends: float) -> None:
        door, last = Http(part.direct), "no answer"
        try:
            while time.monotonic() < ends:
                for name in self.children.names:
                    self.children.check(name)
                try:
                    async with asyncio.timeout(2):
                        answer = await door.ask("GET", "/readyz")
                    if answer.status == 200:
                        return
                    last = f"{answer.status} {answer.body[:300].decode(errors='replace')}"
                except (Unanswered, TimeoutError) as error:
                    last = f"{type(error).__name__} {error}"
                await asyncio.sleep(0.1)
        finally:
            await door.close()
        logs = "\n".join(f"{p.name}: {p.read_text()[-600:]}" for p in sorted((self.folder / "log").glob("*-*.log")))
        raise ChildError(part.name, f"was not ready in time: {last}", logs)


def _through(url: str, proxy: FaultProxy) -> str:
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{proxy.address[1]}"))
