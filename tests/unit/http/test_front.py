"""A refusal reaches whoever is still sending, over a plain line and over TLS."""

import asyncio
import ssl

import pytest
import trustme
import uvicorn
from starlette.types import Receive, Scope, Send

from dispatch import limits
from gateway.http.front import FrontProtocol

HEAD = b"GET / HTTP/1.1\r\nhost: a\r\nfiller: " + b"x" * 8 * limits.HEAD_BYTES_MAX


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("such a request comes to no app")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_head_that_is_too_large_hears_why_and_the_line_is_closed(
    tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINGER_S", 0.2)
    faults: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, told: faults.append(told))
    authority, ours, theirs = trustme.CA(), None, None
    if tls:
        ours, theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
        authority.issue_cert("localhost").configure_cert(ours)
        authority.configure_trust(theirs)
    config = uvicorn.Config(nobody, http=FrontProtocol, lifespan="off", log_level="critical")
    config.load()
    state = uvicorn.server.ServerState()
    server = await loop.create_server(
        lambda: FrontProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0, ssl=ours
    )
    try:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=theirs, server_hostname="localhost" if tls else None
        )
        writer.write(HEAD)
        async with asyncio.timeout(5):
            answer = await reader.read(-1)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 431 ") and b"head_too_large" in answer
        assert not faults
    finally:
        server.close()
        await server.wait_closed()
        loop.set_exception_handler(before)
