"""The people of the matrix: each with a session or without one, over HTTP and on a socket."""

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

from scripts.guarding.service import Asked

Json = dict[str, Any]
HEARD_S: Final = 10.0
HERE: Final = (32.06, 118.79)
"""A place in the demonstration, of the station of the people called `officer` and `desk`."""


def new_key() -> str:
    return secrets.token_urlsafe(24)


@dataclass(slots=True)
class Told:
    """An answer, over whichever way: `status` as HTTP says it, `code` of a refusal, the body."""

    status: int
    code: str = ""
    body: Any = None

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.status < 400


@dataclass(slots=True)
class Person:
    """Somebody who asks. `token` None: nobody is signed in."""

    name: str
    service: Asked
    client: httpx.AsyncClient
    token: str | None = None
    said: Json = field(default_factory=dict)
    _line: ClientConnection | None = None

    @property
    def head(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def ask(self, method: str, path: str, body: Any = None, **head: str) -> Told:
        answer = await self.client.request(method, path, json=body, headers=self.head | head)
        read = answer.json() if answer.headers.get("content-type", "").endswith("json") and answer.content else None
        code = read.get("code", "") if isinstance(read, dict) and answer.status_code >= 400 else ""
        if isinstance(read, dict) and read.get("ok") is False and read["reason"] != "not_received":
            return Told(_status(read["reason"]), read["reason"], read)  # a claim that came late is answered by 200
        return Told(answer.status_code, code, read)

    async def say(self, message: Json) -> Told:
        """A message on the socket and its answer; 401 or 403 where no socket opens."""
        line = await self._open()
        if isinstance(line, Told):
            return line
        await line.send(json.dumps(message))
        if message["t"] == "fix":  # not answered; a mistake is, so ask something after it
            message = {"t": "ask", "key": new_key()}
            await line.send(json.dumps(message))
        async with asyncio.timeout(HEARD_S):
            while True:
                heard = json.loads(await line.recv())
                if heard["t"] == "problem":
                    return Told(403 if heard["code"].endswith("not_yours") else 422, heard["code"], heard)
                if heard["t"] == "result" and heard["key"] == message["key"]:
                    found = heard.get("reason") or ""
                    done = heard["ok"] or (message["t"] == "ask" and found == "not_received")
                    return Told(200 if done else _status(found), "" if done else found, heard if not done else None)

    async def _open(self) -> ClientConnection | Told:
        if self._line is not None and self._line.state is State.OPEN:
            return self._line
        ticket = await self.ask("POST", "/v1/tickets", origin=self.service.url)
        if not ticket.done:
            return ticket
        url = f"ws{self.service.url.removeprefix('http')}/v1/socket?ticket={ticket.body['ticket']}"
        origin: Any = self.service.url
        # Unbounded: nobody reads between two acts, and a full queue would leave the service's pings unanswered.
        line = await connect(
            url, origin=origin, compression=None, ping_interval=None, proxy=None, close_timeout=2, max_queue=None
        )
        await line.send(json.dumps({"t": "hello", "v": 1}))
        async with asyncio.timeout(HEARD_S):
            while json.loads(await line.recv())["t"] != "snapshot":
                pass
        self._line = line
        return line

    async def fix(self) -> None:
        """Stands at the place of the cases."""
        await self.say({"t": "fix", "lat": HERE[0], "lon": HERE[1], "accuracy_m": 5.0})

    async def close(self) -> None:
        if self._line is not None:
            with contextlib.suppress(Exception):
                await self._line.close()
            self._line = None


def _status(reason: str) -> int:
    """As the same refusal is told over HTTP."""
    from gateway.http.codes import CODES

    return CODES[reason][0]
