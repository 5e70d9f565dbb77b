"""The simulation's own HTTP client against a server that behaves badly."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from scripts.simulator.doors import Doors, Person, Turned
from scripts.simulator.http import Http, Unanswered

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


async def request_of(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    for line in head.split("\r\n"):
        if line.lower().startswith("content-length:"):
            head += (await reader.readexactly(int(line.split(":")[1]))).decode()
    return head


def reply(status: int, body: str, *more: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *more, "", body]).encode()


async def test_a_connection_is_kept_for_the_next_request() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            said = await request_of(reader)
            writer.write(reply(200, said.rpartition("\r\n\r\n")[2]))

    async with server(serve) as url:
        http = Http(url)
        for text in (b'"one"', b'"two"'):
            answer = await http.ask("POST", "/", text)
            assert (answer.status, answer.body) == (200, text)
            assert answer.sent <= answer.at <= time.monotonic()
        await http.close()
    assert connections == 1


async def test_an_answer_in_pieces_is_read_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        writer.write(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")

    async with server(serve) as url:
        assert (await Http(url).ask("GET", "/")).body == b"abcde"


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"x\r\n\r\n"]
)
async def test_an_answer_that_is_cut_off_is_no_answer(sent: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(sent)

    async with server(serve) as url:
        with pytest.raises(Unanswered):
            await Http(url).ask("GET", "/")


async def test_a_deaf_caller_has_sent_the_request_and_hears_nothing() -> None:
    heard: list[str] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await request_of(reader))
        done.set()

    async with server(serve) as url:
        with pytest.raises(Unanswered):
            await Http(url).ask("POST", "/v1/reports", b"{}", deaf=True)
        await asyncio.wait_for(done.wait(), 5)
    assert heard[0].startswith("POST /v1/reports")
    assert heard[0].endswith("{}")


async def test_a_person_comes_again_after_a_passing_no_and_not_after_a_final_one() -> None:
    said = [reply(503, "{}"), reply(200, '"in"'), reply(403, '{"code":"not_allowed","detail":"No."}')]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await request_of(reader)
            assert "X-Forwarded-For: 198.18.0.7" in request
            writer.write(said.pop(0))

    async with server(serve) as url:
        doors = Doors((url,))
        person = Person(doors, 7)
        assert (await person.insist("GET", "/")).body == b'"in"'
        with pytest.raises(Turned, match="not_allowed"):
            await person.insist("GET", "/")
        await doors.close()
    assert said == []


async def test_a_person_who_finds_one_door_closed_goes_to_the_next() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(reply(200, '"in"'))

    async with server(serve) as closed:
        pass
    async with server(serve) as url:
        doors = Doors((closed, url))
        assert (await Person(doors, 0).insist("GET", "/")).body == b'"in"'
        await doors.close()


def test_an_address_that_is_not_http_is_refused() -> None:
    with pytest.raises(ValueError, match="ftp"):
        Http("ftp://example.org")
