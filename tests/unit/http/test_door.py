"""The short way of a report answers byte for byte as the usual one, and takes nothing that is not its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
import uvicorn
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dispatch.abuse.counting import Counting
from dispatch.abuse.friction import Friction
from dispatch.abuse.work import WorkAsked, solve
from dispatch.batching import Overloaded
from dispatch.cases.catalogue import Catalogue, Category
from dispatch.cases.facts import Answer
from dispatch.cases.ports import ReportDraft, StoreAway, StoreBusy
from dispatch.cases.rings import Wave
from dispatch.limits import REPORTS_PER_ADDRESS
from gateway.http import cases, headers
from gateway.http.door import PATH, make_door, plain_head
from gateway.node import Node
from tests.unit.http.asking import app_of

KEY = "k" * 22
PLAIN: dict[str, Any] = {"category": "noise", "words": "Drums at night.", "lat": 32.05, "lon": 118.79}
WAIT_S = 5.0


@dataclass
class Judge:
    """Answers each draft as its words ask for; `usual` counts requests that came the usual way."""

    drafts: list[ReportDraft] = field(default_factory=list)
    usual: int = 0
    held: bool = False  # by a call that does not end: no draft is asked for
    waiting: "asyncio.Queue[asyncio.Future[Answer]]" = field(default_factory=asyncio.Queue)

    def wave(self, *_: object) -> Wave:
        return Wave((), 1, 1500, True)

    def put(self, make: Callable[[], ReportDraft]) -> "asyncio.Future[Answer]":
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self.held:
            return future
        try:
            draft = make()
        except Exception as error:
            future.set_exception(error)
            return future
        self.drafts.append(draft)
        told = {"case": str(UUID(int=7)), "station": "s1", "status": "offered"}
        if draft.words == "overloaded":
            raise Overloaded
        if draft.words == "wait":
            self.waiting.put_nowait(future)
        elif draft.words in ("away", "busy", "broken"):
            errors = {"away": StoreAway("x"), "busy": StoreBusy("x"), "broken": ValueError("on purpose")}
            future.set_exception(errors[draft.words])
        elif draft.words == "key_reused":
            future.set_result(Answer(ok=False, reason="key_reused", response={}))
        else:
            reason = "again" if draft.words == "again" else None
            future.set_result(Answer(ok=True, reason=reason, response=told))
        return future


class Nobody:
    """No other process."""

    async def add(self, *_: object) -> None:
        return None


@contextlib.asynccontextmanager
async def served(judge: Judge, **env: str) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """A real uvicorn on loopback with both ways."""
    app = app_of([Route("/v1/reports", cases.post_report, methods=["POST"])], **env)
    catalogue = Catalogue(categories={"noise": Category("noise", "噪", "Noise")}, catch_all="s1")
    friction = Friction(Counting(Nobody(), lambda: 1e9), b"t" * 32, lambda: 1e9, times=1.0)
    node = SimpleNamespace(settings=app.state.settings, catalogue=catalogue, reporting=judge, friction=friction)
    app.state.node = node

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        judge.usual += 1
        await headers.Guarded(app)(scope, receive, send)

    door = make_door(cast(Node, node))
    config = uvicorn.Config(counted, port=0, http=door, lifespan="off", log_level="critical", access_log=False,
                            server_header=False, date_header=False, proxy_headers=False,
                            headers=headers.constant(node.settings))  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], server
    finally:
        server.should_exit = True
        await serving


def request(body: bytes, **others: str | None) -> tuple[bytes, bytes]:
    """Head and body; a header None is left out."""
    meant = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body)),
             "idempotency-key": KEY} | {name.replace("_", "-"): value for name, value in others.items()}  # fmt: skip
    lines = [f"{name}: {value}\r\n" for name, value in meant.items() if value is not None]
    return f"POST {PATH.decode()} HTTP/1.1\r\n{''.join(lines)}\r\n".encode(), body


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(WAIT_S):
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"content-length: "))
        return head + await reader.readexactly(size)


async def ask(port: int, *parts: bytes) -> bytes:
    """The answer to bytes that arrive in these parts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)  # so that the server reads them apart
        return await read_answer(reader)
    finally:
        writer.close()


WORDS = ("plain", "again", "away", "busy", "broken", "overloaded", "key_reused", " ", "with a gun", "x\0y", "é" * 2_001)
BODIES = [json.dumps(PLAIN | {"words": words}).encode() for words in WORDS]
BODIES += [json.dumps(PLAIN | other).encode() for other in (
    {"lat": 91}, {"lat": "x"}, {"lat": 118.79, "lon": 32.05}, {"category": "unknown"}, {"more": 1}, {"words": 5},
    {"channel": "phone"}, {"exercise": True}, {"datum": "mars"}, {"advised": True, "words": "with a gun"},
)]  # fmt: skip
BODIES += [b"", b"{", b"[]", b"null", b'{"lat": NaN}', b"\xff", b"1" * 70]


async def test_whatever_is_asked_both_ways_answer_the_same_bytes() -> None:
    judge = Judge()
    async with served(judge) as (port, _):
        for body in BODIES:
            head, _ = request(body)
            short = await ask(port, head + body)
            assert judge.usual == 0, body
            # a body that comes later waits on the usual way
            usual = await ask(port, head, body) if body else await ask(port, request(body, cookie="a=b")[0])
            assert judge.usual == 1, body
            assert short == usual, body
            judge.usual = 0


async def test_a_wrong_key_hears_the_same_both_ways() -> None:
    judge, body = Judge(), json.dumps(PLAIN).encode()
    async with served(judge) as (port, _):
        for key in ("short", "é" * 22, "k" * 65, "a b" * 10):
            head, _ = request(body, idempotency_key=key)
            short = await ask(port, head + body)
            assert judge.usual == 0 and b"key_invalid" in short and await ask(port, head, body) == short
            judge.usual = 0


@pytest.mark.parametrize(
    "sent",
    [
        {"authorization": "Bearer x"}, {"cookie": "a=b"}, {"connection": "close"}, {"idempotency_key": None},
        {"content_type": "text/plain"}, {"content_type": "application/json; charset=utf-8"},
        {"content_length": "999999"}, {"x": "1\r\nX: 2"},
    ],
)  # fmt: skip
async def test_what_is_not_plain_goes_the_usual_way(sent: dict[str, str | None]) -> None:
    body = json.dumps(PLAIN).encode()
    head, _ = request(body, **sent)
    pairs = [tuple(line.split(b": ", 1)) for line in head.lower().split(b"\r\n")[1:] if line]
    assert plain_head(cast(Any, pairs)) is None or sent == {"connection": "close"}
    if "authorization" in sent:
        return  # that there is nobody to sign in with is no matter here
    judge = Judge()
    async with served(judge) as (port, _):
        await ask(port, head + body)
        assert judge.usual == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [({"words": "He has a knife, help!"}, b"emergency"), ({"category": "no-such"}, b"category_unknown")],
)
async def test_what_is_refused_is_told_although_no_call_of_the_judge_ends(said: dict[str, str], code: bytes) -> None:
    judge, body = Judge(held=True), json.dumps(PLAIN | said).encode()
    async with served(judge) as (port, _), asyncio.timeout(WAIT_S):
        head, _ = request(body)
        short = await ask(port, head + body)
        assert judge.usual == 0 and b'"code":"' + code in short
        assert await ask(port, head, body) == short


async def test_a_browser_that_keeps_its_connection_takes_the_short_way_each_time() -> None:
    judge, body = Judge(), json.dumps(PLAIN).encode()
    async with served(judge) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head, _ = request(body, connection="keep-alive", origin="http://localhost", sec_fetch_mode="cors")
        for _ in range(3):
            writer.write(head + body)
            assert (await read_answer(reader)).startswith(b"HTTP/1.1 201 ")
        writer.close()
    assert (judge.usual, len(judge.drafts)) == (0, 3)


async def test_what_comes_before_the_answer_is_answered_after_it() -> None:
    judge = Judge()
    async with served(judge) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        first = b"".join(request(json.dumps(PLAIN | {"words": "wait"}).encode()))
        writer.write(first + b"".join(request(json.dumps(PLAIN | {"words": "key_reused"}).encode())))
        waiting = await judge.waiting.get()
        told = {"case": str(UUID(int=1)), "station": "s1", "status": "offered"}
        waiting.set_result(Answer(ok=True, reason=None, response=told))
        assert (await read_answer(reader)).startswith(b"HTTP/1.1 201 ")
        assert b"key_reused" in await read_answer(reader)
        writer.close()


async def test_who_went_away_is_not_answered_and_a_server_that_stops_answers_first() -> None:
    judge, (head, body) = Judge(), request(json.dumps(PLAIN | {"words": "wait"}).encode())
    async with served(judge) as (port, server):
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(head + body)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        both = [await judge.waiting.get()]
        writer.write(head + body)
        both.append(await judge.waiting.get())
        gone.close()
        server.should_exit = True
        await asyncio.sleep(0.3)  # it has told its connections
        for waiting in both:
            waiting.set_exception(StoreAway("x"))
        answer = await read_answer(reader)
        assert b"store_away" in answer and b"connection: close" in answer
        writer.close()


async def test_who_gives_a_name_goes_the_usual_way_once_the_body_says_so() -> None:
    judge = Judge()
    async with served(judge) as (port, _):
        answer = await ask(port, b"".join(request(json.dumps(PLAIN | {"name": "Li"}).encode())))
        assert judge.usual == 1 and not judge.drafts and b"phone_not_confirmed" in answer
        answer = await ask(port, b"".join(request(json.dumps(PLAIN).encode())))
        assert judge.usual == 1 and answer.startswith(b"HTTP/1.1 201 ")


async def test_both_ways_ask_the_same_network_for_the_same_work_and_take_the_same_answer() -> None:
    judge, body = Judge(), json.dumps(PLAIN).encode()
    async with served(judge, ONBEAT_TRUSTED_PROXY="1") as (port, _):
        for n in range(REPORTS_PER_ADDRESS):
            head, _ = request(body, x_forwarded_for=f"203.0.113.{n}, 198.51.100.7")
            assert (await ask(port, head + body)).startswith(b"HTTP/1.1 201 ")
        head, _ = request(body, x_forwarded_for="198.51.100.7")
        short = await ask(port, head + body)
        assert judge.usual == 0 and await ask(port, head, body) == short and judge.usual == 1
        assert short.startswith(b"HTTP/1.1 429 ")
        work = msgspec.json.decode(short.partition(b"\r\n\r\n")[2])["work"]
        done = solve(msgspec.convert(work, WorkAsked))
        head, _ = request(body, x_forwarded_for="198.51.100.7", onbeat_work=done)
        assert (await ask(port, head + body)).startswith(b"HTTP/1.1 201 ")
        assert (await ask(port, head, body)).startswith(b"HTTP/1.1 201 ")
        head, _ = request(body, x_forwarded_for="198.51.100.7", onbeat_work="1.2 x")
        short = await ask(port, head + body)
        assert b"work_invalid" in short and await ask(port, head, body) == short
        head, _ = request(body, x_forwarded_for="198.51.100.7", onbeat_work=done, idempotency_key="o" * 22)
        assert b"work_asked" in await ask(port, head + body), "an answer serves one report"
        assert (await ask(port, b"".join(request(body, x_forwarded_for="203.0.113.9")))).startswith(b"HTTP/1.1 201 ")
    assert len(judge.drafts) == REPORTS_PER_ADDRESS + 3
