"""People who talk to a live service: over HTTP with a session, over sockets with a ticket; and cases to be kept."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.walked import WALKED

if TYPE_CHECKING:  # its fixtures make towns of this room
    from tests.e2e.conftest import Service

STATION: Final = "xw-1"
LAT, LON = 32.06, 118.79
HEARD_S: Final = 10.0

Json = dict[str, Any]


def new_key() -> str:
    return secrets.token_urlsafe(24)


async def codes_to(client: httpx.AsyncClient, number: str) -> list[str]:
    """What the demonstration's outbox sent to a number in E.164, the latest first."""
    page = (await client.get("/outbox")).text
    return re.findall(rf"<h2>{re.escape(number)}</h2><p>[^<]*?(\d{{6}})", page)


async def next_code(client: httpx.AsyncClient, number: str, before: int) -> str:
    """The code that comes after so many others: it leaves when the answer does, and arrives a moment later."""
    async with asyncio.timeout(HEARD_S):
        while True:
            codes = await codes_to(client, number)
            if len(codes) > before:
                return codes[0]
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Line:
    """An open socket past hello, or before it. Messages that are not waited for are passed over."""

    socket: ClientConnection
    snapshot: Json = field(default_factory=dict)
    passed: list[Json] = field(default_factory=list)

    async def say(self, message: Json | str | bytes) -> None:
        """A JSON object, a text as it is, or bytes as a text frame that need not be UTF-8."""
        if isinstance(message, bytes):
            await self.socket.send(message, text=True)
        else:
            await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    async def hear(self, tag: str, **wanted: Any) -> Json:
        """The next message of this kind with these fields."""
        self.passed.clear()
        async with asyncio.timeout(HEARD_S):
            while True:
                message: Json = json.loads(await self.socket.recv())
                self.passed.append(message)
                WALKED.heard(message)
                if message["t"] == tag and all(message.get(name) == value for name, value in wanted.items()):
                    return message

    async def act(self, tag: str, *, key: str | None = None, **fields: Any) -> Json:
        """An act with a key, and its result."""
        key = key or new_key()
        await self.say({"t": tag, "key": key, **fields})
        return await self.hear("result", key=key)

    def was_told(self, tag: str, **wanted: Any) -> Json:
        """The last such message on the way to what was heard last: an act's own view comes before its result."""
        found = [m for m in self.passed if m["t"] == tag and all(m.get(name) == v for name, v in wanted.items())]
        assert found, self.passed
        return found[-1]

    async def lives(self) -> bool:
        """Whether the socket still answers."""
        return bool((await self.act("ask"))["reason"] == "not_received")

    async def ends(self) -> int:
        """The code with which the service closes it."""
        async with asyncio.timeout(HEARD_S):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code


@dataclass(slots=True)
class Someone:
    """A session."""

    town: "Town"
    token: str
    said: Json

    @property
    def head(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        answer = await self.town.client.request(method, path, json=body, headers=self.head)
        if answer.headers.get("content-type", "").endswith("json"):
            WALKED.heard(answer.json())
        return answer

    async def ticket(self) -> str:
        origin = {"origin": self.town.service.url}
        answer = await self.town.client.post("/v1/tickets", headers=self.head | origin)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket"])

    @asynccontextmanager
    async def line(self, *, hello: bool = True, follow: str | None = None) -> AsyncIterator[Line]:
        """`follow`: the station whose desk a supervisor looks at."""
        url = f"ws{self.town.service.url.removeprefix('http')}/v1/socket?ticket={await self.ticket()}"
        origin: Any = self.town.service.url
        async with connect(url, origin=origin, compression=None, ping_interval=None, proxy=None, close_timeout=2) as it:
            line = Line(it)
            if hello:
                await line.say({"t": "hello", "v": 1} | ({"follow": follow} if follow else {}))
                await line.hear("welcome")
                line.snapshot = await line.hear("snapshot")
            yield line


@dataclass(slots=True)
class Town:
    """A live town. `kept`: (reporter, what was told) of cases that must stay as they are whatever else comes."""

    service: "Service"
    client: httpx.AsyncClient
    owner: asyncpg.Connection
    kept: list[tuple[Someone, Json]] = field(default_factory=list)
    _people: dict[str, Someone] = field(default_factory=dict)

    async def someone(self, role: str, number: int = 0) -> Someone:
        """The session of a demonstration sign-in: officers and desks of STATION, or the only one of a role."""
        name = f"{role}-{number}"
        if name not in self._people:
            own = self.service.of(role, STATION) or [one for one in self.service.people if one["role"] == role]
            login = {"login": own[number]["login"], "password": own[number]["password"]}
            answer = await self.client.post("/v1/sessions", json=login)
            assert answer.status_code == 201, answer.text
            self._people[name] = Someone(self, answer.json()["token"], answer.json())
        return self._people[name]

    async def sign_in(self, role: str, station: str) -> Someone:
        """A session of another station's first sign-in of a role."""
        one = self.service.of(role, station)[0]
        answer = await self.client.post("/v1/sessions", json={"login": one["login"], "password": one["password"]})
        assert answer.status_code == 201, answer.text
        return Someone(self, answer.json()["token"], answer.json())

    async def report(self, **changes: object) -> Json:
        """An accepted report."""
        body = {"category": "theft", "words": "A bicycle is gone.", "lat": LAT, "lon": LON} | changes
        answer = await self.client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def reporter(self, receipt: str) -> Someone:
        answer = await self.client.post("/v1/receipts", json={"code": receipt})
        assert answer.status_code == 200, answer.text
        return Someone(self, answer.json()["token"], answer.json())

    async def keep(self, made: Json) -> None:
        reporter = await self.reporter(made["receipt"])
        self.kept.append((reporter, await told(reporter, made["case"])))

    async def let_time_pass(self, case: str) -> None:
        """The case's window ends now: its deadline is moved, nobody waits. The sweeper's row stays where it is."""
        await self.owner.execute("UPDATE cases SET offer_deadline = clock_timestamp() WHERE id = $1", case)

    async def sweep(self, case: str) -> None:
        """The sweepers' turn for this case."""
        await self.owner.execute("UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1", case)


async def told(reporter: Someone, case: str) -> Json:
    """What the reporter reads of the case, without what runs with the time."""
    answer = await reporter.ask("GET", f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    said = dict(answer.json())
    for running in ("received_ago_ms", "remaining_ms"):
        said.pop(running, None)
    entries = await reporter.ask("GET", f"/v1/cases/{case}/entries")
    return said | {"entries": entries.json()}
