"""A service of our own for one run: empty stores, two web processes, two sweepers, one relay, on free ports."""

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dispatch.adapters.postgres.roles import derived_app_dsn
from scripts.children import Child, ChildError, Children, run_once
from scripts.simulator.http import Http, Unanswered
from scripts.stores import ROOT, Stores, free_port

WEBS: Final = 2
SWEEPERS: Final = 2
MODULES: Final = {
    "release": "gateway.release",
    "web": "gateway.app",
    "sweeper": "gateway.sweeper",
    "relay": "gateway.relay",
}
"""As in the Procfile."""
RELEASE_S: Final = 300.0
READY_S: Final = 120.0


class Fleet:
    """`async with Fleet(town)`: ready inside, gone without a trace after. `children` and `stores` may be hurt.

    `folder` keeps stores, logs and sign-ins; a temporary one is made, and removed at the end, when none is given.
    Raises: StoresError, ChildError with the end of the log of what did not start.
    """

    def __init__(self, town: dict[str, Any], folder: Path | None = None) -> None:
        self._town = town
        self._made = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="onbeat-simulation-"))
        self.stores = Stores(self.folder)
        self.children = Children()
        self.urls: tuple[str, ...] = ()

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials.json"

    async def __aenter__(self) -> Self:
        try:
            await self.stores.start()
            await self._start_roles()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        await self.children.stop()
        await self.stores.stop()
        if self._made:
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _start_roles(self) -> None:
        town = self.folder / "town.json"
        town.write_text(json.dumps(self._town))
        owner = self.stores.database_url
        ports = [free_port() for _ in range(WEBS)]
        self.urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
        common = {name: value for name, value in os.environ.items() if not name.startswith("ONBEAT_")}
        common.pop("DATABASE_OWNER_URL", None)
        common |= {
            "DATABASE_URL": derived_app_dsn(owner),
            "REDIS_URL": self.stores.redis_url,
            "HOST": "127.0.0.1",
            "PORT": str(ports[0]),
            "ONBEAT_CREDENTIALS": str(self.credentials),
            "ONBEAT_TOWN": str(town),
            "ONBEAT_PLAIN": "1",  # stores may be anywhere that a test says
            "ONBEAT_SECOND_FACTOR": "offered",  # simulated people carry no second phone
            "ONBEAT_PEPPER": secrets.token_urlsafe(32),
            "ONBEAT_TICKET_KEY": secrets.token_urlsafe(32),
            # Everybody in the simulation has an address of their own: the limits stay on.
            "ONBEAT_TRUSTED_PROXY": "1",
            "ONBEAT_READ_LIMITS": "100",  # who judges a run reads as no person does
            "ONBEAT_REPORT_LIMITS": "1000",  # on, but a city's week in minutes is no flood
            "ONBEAT_ORIGINS": ",".join(self.urls),
        }
        await run_once(self._child("release", {**common, "DATABASE_OWNER_URL": owner}), RELEASE_S)
        self.children.start(self._child("relay", common))
        for number in range(1, SWEEPERS + 1):
            self.children.start(self._child("sweeper", common, f"sweeper-{number}"))
        for number, port in enumerate(ports, 1):
            self.children.start(self._child("web", {**common, "PORT": str(port)}, f"web-{number}"))
        await asyncio.gather(*(self._until_ready(url) for url in self.urls))

    def _child(self, role: str, env: dict[str, str], name: str | None = None) -> Child:
        name = name or role
        argv = (sys.executable, "-m", MODULES[role])
        return Child(name, argv, env, self.folder / "log" / f"{name}.log", ROOT)

    async def _until_ready(self, url: str) -> None:
        door, ends, last = Http(url), time.monotonic() + READY_S, "no answer"
        while time.monotonic() < ends:
            for name in self.children.names:
                self.children.check(name)
            try:
                answer = await door.ask("GET", "/readyz")
                if answer.status == 200:
                    await door.close()
                    return
                last = f"{answer.status} {answer.body[:300].decode(errors='replace')}"
            except Unanswered as error:
                last = str(error)
            await asyncio.sleep(0.1)
        logs = "\n".join(f"{p.name}: {p.read_text()[-600:]}" for p in sorted((self.folder / "log").glob("*.log")))
        raise ChildError("web", f"at {url} was not ready within {READY_S:.0f} s: {last}", logs)
