"""A phone's line against a real websocket server: resume, silence, and being sent away."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from dispatch.cases import views
from gateway.wire.messages import Ask
from scripts.simulator.doors import Doors, Person, Turned
from scripts.simulator.ledger import Ledger
from scripts.simulator.line import Line
from scripts.simulator.phone import Phone

Talk = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]
CASE, TOKEN = str(uuid4()), str(uuid4())


class _Ticketed(Person):
    """A person who needs no HTTP for a ticket here."""

    async def ticket(self) -> str:
        return "t"


@asynccontextmanager
async def service(talk: Talk) -> AsyncIterator[Person]:
    async def each(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await talk(socket, json.loads(await socket.recv()))

    def check(connection: ServerConnection, request: Request) -> Response | None:
        asked = request.path, request.headers["Sec-WebSocket-Protocol"]
        known = asked == ("/v1/socket", "onbeat.1, ticket.t") and request.headers["Origin"].startswith("http://127.")
        return None if known else connection.respond(HTTPStatus.FORBIDDEN, "no")

    async with serve(each, "127.0.0.1", 0, process_request=check) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield _Ticketed(Doors((f"http://127.0.0.1:{port}",)), 0)


def welcome(*, resumed: bool = False) -> str:
    return json.dumps({"t": "welcome", "v": 1, "resumed": resumed, "token": TOKEN, "at": {"s": 3}, "role": "officer"})


def gone(offset: int) -> str:
    return json.dumps({"t": "gone", "stream": "s", "offset": offset, "case": CASE, "reason": "taken"})


@asynccontextmanager
async def running(line: Line) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(line.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Turned):
            await task


async def test_a_broken_line_comes_back_with_its_token_and_its_place_in_every_stream() -> None:
    hellos: list[dict[str, Any]] = []
    again = asyncio.Event()

    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        hellos.append(hello)
        await socket.send(welcome(resumed=len(hellos) > 1))
        if len(hellos) == 1:
            await socket.send(gone(7))
            await socket.send(json.dumps({"t": "past", "at": {"s": 9, "r": 2}}))
            await socket.send(gone(8))  # behind: it must not turn the place back
            await asyncio.sleep(0)
            await socket.close(4000)
            return
        again.set()
        await socket.wait_closed()

    ledger = Ledger()
    async with service(talk) as person, running(Line(person, ledger, lambda *_: None, "x")):
        await asyncio.wait_for(again.wait(), 10)
    assert "token" not in hellos[0] or hellos[0]["token"] is None
    assert hellos[1]["token"] == TOKEN
    assert hellos[1]["at"] == {"s": 9, "r": 2}


async def test_a_phone_without_signal_hears_nothing_and_asks_for_it_afterwards() -> None:
    hellos: list[dict[str, Any]] = []
    heard: list[object] = []
    first, back = asyncio.Event(), asyncio.Event()

    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        hellos.append(hello)
        await socket.send(welcome(resumed=len(hellos) > 1))
        if len(hellos) == 1:
            await socket.send(gone(4))
            first.set()
            while True:
                await asyncio.sleep(0.02)
                await socket.send(gone(5))
        back.set()
        await socket.wait_closed()

    def hear(message: views.Sent, now: float, steady: bool) -> None:
        heard.append(message)

    ledger = Ledger()
    async with service(talk) as person:
        line = Line(person, ledger, hear, "x")
        async with running(line):
            await asyncio.wait_for(first.wait(), 10)
            await line.ready.wait()
            losing = asyncio.create_task(line.lose_signal(0.3))
            await asyncio.sleep(0)
            known = len(heard)
            assert not await line.send(Ask(key="k" * 22))
            await losing
            assert len(heard) == known
            await asyncio.wait_for(back.wait(), 10)
    assert ledger.signals_lost == 1
    assert hellos[1]["at"]["s"] in (4, 5)


@pytest.mark.parametrize("code", [4400, 4401, 4402, 4403])
async def test_a_line_that_is_sent_away_for_good_does_not_come_back(code: int) -> None:
    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await socket.close(code)

    async with service(talk) as person:
        with pytest.raises(Turned):
            await asyncio.wait_for(Line(person, Ledger(), lambda *_: None, "x").run(), 10)


async def test_an_act_without_a_decision_is_sent_again_with_the_same_key() -> None:
    asked: list[str] = []

    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await socket.send(welcome())
        async for raw in socket:
            key = json.loads(raw)["key"]
            asked.append(key)
            reason = "busy" if len(asked) == 1 else None
            await socket.send(json.dumps({"t": "result", "key": key, "ok": reason is None, "reason": reason}))

    async with service(talk) as person:
        phone = Phone(person, Ledger(), lambda *_: None, "x")
        async with running(phone.line):
            result, took_s = await asyncio.wait_for(phone.act(Ask(key="k" * 22), "k" * 22), 10)
    assert asked == ["k" * 22] * 2
    assert result is not None
    assert result.ok
    assert took_s is None  # an answer that needed two sendings times nothing


async def test_a_line_that_breaks_between_welcome_and_snapshot_asks_for_everything_again() -> None:
    """The welcome's offsets lie beyond what was received: to go on from them would hide what the snapshot held."""
    hellos: list[dict[str, Any]] = []
    again = asyncio.Event()

    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        hellos.append(hello)
        await socket.send(welcome())
        if len(hellos) == 1:
            await socket.close(4000)
            return
        again.set()
        await socket.wait_closed()

    async with service(talk) as person, running(Line(person, Ledger(), lambda *_: None, "x")):
        await asyncio.wait_for(again.wait(), 10)
    assert hellos[1]["at"] == {}
