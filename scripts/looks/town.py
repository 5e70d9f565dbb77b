"""A demonstration town of its own to look at: both stores and one process of every role, gone afterwards."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from dispatch.adapters.postgres.roles import derived_app_dsn
from scripts.children import Child, ChildError, Children, run_once
from scripts.stores import ROOT, Stores, free_port

MODULES: Final = {"relay": "gateway.relay", "sweeper": "gateway.sweeper", "web": "gateway.app"}
READY_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Town:
    """`url`: by name, as cookies and passkeys need it. `people`: the demonstration's sign-ins."""

    url: str
    people: list[dict[str, Any]]


@contextlib.asynccontextmanager
async def open_town(folder: Path) -> AsyncIterator[Town]:
    """Raises: StoresError, ChildError with the end of its log."""
    port = free_port()
    async with Stores(folder) as stores, Children() as children:
        common = {name: value for name, value in os.environ.items() if not name.startswith("ONBEAT_")}
        common |= {
            "DATABASE_URL": derived_app_dsn(stores.database_url),
            "REDIS_URL": stores.redis_url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ONBEAT_DEMO": "1",
            "ONBEAT_CREDENTIALS": str(folder / "credentials.json"),
        }

        def role(name: str, module: str, **more: str) -> Child:
            return Child(name, (sys.executable, "-m", module), {**common, **more}, folder / f"{name}.log", ROOT)

        await run_once(role("release", "gateway.release", DATABASE_OWNER_URL=stores.database_url), READY_S)
        for name, module in MODULES.items():
            children.start(role(name, module))
        url = f"http://localhost:{port}"
        await _ready(url)
        yield Town(url, json.loads((folder / "credentials.json").read_text())["people"])


async def _ready(url: str) -> None:
    last, ends = "no answer", time.monotonic() + READY_S
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while time.monotonic() < ends:
            try:
                answer = await client.get(f"{url}/readyz")
                if answer.status_code == 200:
                    return
                last = answer.text[:300]
            except httpx.HTTPError as error:
                last = str(error)
            await asyncio.sleep(0.1)
    raise ChildError("web", f"was not ready within {READY_S:.0f} s: {last}")
