"""What the rows of `scripts/guard` stand on: two web processes behind a proxy that is believed, a gateway of messages
that is ours to read, and a crowd whose people each have a network of their own. Limits and authorisation are on.
"""

import asyncio
import contextlib
import itertools
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg

from scripts.guarding.service import Asked, own
from scripts.simulator.http import Answer, Http, Unanswered
from scripts.stores import free_port

Json = dict[str, Any]
HEAD_S: Final = 15.0
GATEWAY_LINES_MAX: Final = 256


class Profile(StrEnum):
    """`smoke` asks whether a row works at all and judges no time; `short` takes minutes, `long` the table's sizes."""

    SMOKE = "smoke"
    SHORT = "short"
    LONG = "long"


@dataclass(slots=True)
class Gateway:
    """An operator's message gateway: takes everything over, tells nobody, and keeps what it was given. `slow_s`: how
    long it thinks before it answers."""

    slow_s: float = 0.0
    got: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    taken: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            while True:
                head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_S)).decode("latin-1").lower()
                size = int(head.partition("content-length:")[2].split("\r\n")[0])
                said = json.loads(await reader.readexactly(size))
                code = re.search(r"\d{6}", said["text"])
                self.got.setdefault(said["to"], []).append((said["id"], code[0] if code else ""))
                self.taken += 1
                await asyncio.sleep(self.slow_s)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async def code(self, number: str, id_: str, within_s: float = 10.0) -> str:
        """The code that came to a telephone. Raises: TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                for told, code in reversed(self.got.get(number, ())):
                    if told == id_:
                        return code
                await asyncio.sleep(0.01)


@dataclass(slots=True)
class Ground:
    """A service that runs, for one row after another. `seed`: everything that is drawn comes from it."""

    service: Asked
    gateway: Gateway
    owner: "asyncpg.Pool[asyncpg.Record]"
    profile: Profile
    seed: int
    folder: Path
    doors: list[Http]
    _networks: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def dice(self, row: str) -> Random:
        return Random(f"{self.seed}:{row}")  # which guess comes when is no secret

    def address(self) -> str:
        """In a network block that nobody had before."""
        n = next(self._networks)
        return f"{20 + n // 65_536 % 180}.{n // 256 % 256}.{n % 256}.7"

    def number(self) -> str:
        """A mobile that nobody had before, in E.164."""
        return f"+86139{next(self._numbers):08}"

    @property
    def timed(self) -> bool:
        return self.profile is not Profile.SMOKE

    async def ask(self, method: str, path: str, body: Any = None, *, door: int = 0, **head: str) -> Answer:
        """As somebody behind the proxy. `came`: from where. A line that was closed meanwhile is no answer: once more.

        Raises: Unanswered.
        """
        named = {name.replace("_", "-"): value for name, value in head.items() if name != "came"}
        named["x-forwarded-for"] = head.get("came") or self.address()
        raw = json.dumps(body).encode() if body is not None else b""
        http, said = self.doors[door % len(self.doors)], tuple(named.items())
        try:
            return await http.ask(method, path, raw, said)
        except Unanswered:
            return await http.ask(method, path, raw, said)


async def together(count: int, at_once: int, one: Callable[[int], Awaitable[None]]) -> None:
    """`one` of 0 to count - 1, so many at a time."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, count)):
            group.create_task(work())


def body_of(answer: Answer) -> Json:
    """What was said, of an answer in JSON; empty of any other."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def code_of(answer: Answer) -> str:
    """A refusal's stable code, or nothing."""
    return str(body_of(answer).get("code", "")) if answer.status >= 400 else ""


@contextlib.asynccontextmanager
async def standing(profile: Profile, seed: int, folder: Path, said: Mapping[str, str]) -> AsyncIterator[Ground]:
    """A service of its own with `said` beside its settings. Raises: StoresError, ChildError, OSError."""
    gateway, port = Gateway(), free_port()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", port, backlog=GATEWAY_LINES_MAX)
    settings = {
        "ONBEAT_TRUSTED_PROXY": "1", "ONBEAT_REPORT_LIMITS": "1", "ONBEAT_SMS_URL": f"http://127.0.0.1:{port}/",
        "ONBEAT_SMS_KEY": secrets.token_hex(32), "ONBEAT_VAULT_KEY": secrets.token_hex(32), **said,
    }  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(server.close)
        service = await stack.enter_async_context(own(folder, settings, webs=2))
        owner = await asyncpg.create_pool(service.owner_url, min_size=1, max_size=4)
        stack.push_async_callback(owner.close)
        doors = [Http(door) for door in service.doors]
        for one in doors:
            stack.push_async_callback(one.close)
        yield Ground(service, gateway, owner, profile, seed, folder, doors)
