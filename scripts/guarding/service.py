"""A service to be asked everything: a demonstration of its own on free ports and empty stores, or one that runs."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from dispatch.adapters.postgres.roles import derived_app_dsn
from scripts.children import Child, ChildError, Children, run_once
from scripts.stores import ROOT, Stores, free_port

RELEASE_S: Final = 120.0
READY_S: Final = 60.0
ROLES: Final = (("relay", "gateway.relay"), ("sweeper", "gateway.sweeper"), ("web", "gateway.app"))


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the service is, and its sign-ins: role, login, password, station, call_sign. `owner_url`: the database
    owner's address, None for a service of somebody else's. `doors`: of each web process, where there are several."""

    url: str
    people: list[dict[str, Any]]
    owner_url: str | None = None
    redis_url: str | None = None
    doors: tuple[str, ...] = ()

    def of(self, role: str, station: str | None = None) -> list[dict[str, Any]]:
        return [one for one in self.people if one["role"] == role and station in (None, one.get("station"))]


@contextlib.asynccontextmanager
async def asked(url: str | None, credentials: Path, folder: Path) -> AsyncIterator[Asked]:
    """The service at `url`, or one of our own under `folder`. Raises: OSError, ValueError, ChildError, StoresError."""
    if url is not None:
        yield Asked(url.rstrip("/"), _people(credentials))
        return
    async with own(folder) as service:
        yield service


@contextlib.asynccontextmanager
async def own(folder: Path, said: Mapping[str, str] | None = None, webs: int = 1) -> AsyncIterator[Asked]:
    """A demonstration: release, relay, sweeper, and `webs` web processes. `said`: settings beside what it needs."""
    stores = Stores(folder)
    await stores.start()
    try:
        ports = [free_port() for _ in range(webs)]
        doors = tuple(f"http://localhost:{port}" for port in ports)
        env = {name: value for name, value in os.environ.items() if not name.startswith("ONBEAT_")}
        env |= {
            "DATABASE_URL": derived_app_dsn(stores.database_url), "REDIS_URL": stores.redis_url,
            "HOST": "127.0.0.1", "PORT": str(ports[0]), "ONBEAT_DEMO": "1",
            "ONBEAT_CREDENTIALS": str(folder / "credentials.json"), "ONBEAT_ORIGINS": ",".join(doors), **(said or {}),
        }  # fmt: skip

        def child(name: str, module: str, **more: str) -> Child:
            return Child(name, (sys.executable, "-m", module), env | more, folder / "log" / f"{name}.log", ROOT)

        await run_once(child("release", "gateway.release", DATABASE_OWNER_URL=stores.database_url), RELEASE_S)
        async with Children() as children:
            for name, module in ROLES:
                children.start(child(name, module))
            for number, port in enumerate(ports[1:], 2):
                children.start(child(f"web-{number}", "gateway.app", PORT=str(port)))
            for door in doors:
                await _ready(door)
            people = _people(folder / "credentials.json")
            yield Asked(doors[0], people, stores.database_url, stores.redis_url, doors)
    finally:
        await stores.stop()


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(int(READY_S / 0.1)):
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
    raise ChildError("web", "was not ready in time", "")


def _people(credentials: Path) -> list[dict[str, Any]]:
    return list(json.loads(credentials.read_text())["people"])
