"""What the message gateway is sent, and what is made of its answers: a real HTTP server on loopback."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from dispatch.adapters.messengers import HttpGateway
from dispatch.adapters.sealing import AesSealer

KEY = b"of this gateway alone, thirty-two"


@asynccontextmanager
async def gateway(*statuses: str) -> AsyncIterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Answers in turn; keeps heads and bodies."""
    got: list[tuple[dict[str, str], bytes]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        head = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        got.append((head, await reader.readexactly(int(head["content-length"]))))
        writer.write(f"HTTP/1.1 {statuses[min(len(got), len(statuses)) - 1]}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send", got


async def test_a_message_is_signed_over_its_time_and_its_bytes() -> None:
    async with gateway("202 Accepted") as (url, got):
        id_, sender = uuid4(), HttpGateway(url, KEY, lambda: 1e9)
        assert await sender.send("+8613800138000", "Your code", id_)
        await sender.close()
    ((head, body),) = got
    at, _, said = head["x-onbeat-signature"].removeprefix("t=").partition(",v1=")
    assert said == hmac.new(KEY, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {"id": str(id_), "to": "+8613800138000", "text": "Your code"}


@pytest.mark.parametrize(
    ("statuses", "sent", "times"),
    [(("500 No", "200 OK"), True, 2), (("500 No",), False, 2), (("400 No",), False, 1),
     (("307 Elsewhere\r\nlocation: http://127.0.0.1:9/",), False, 2)],
)  # fmt: skip
async def test_it_is_tried_twice_under_one_id_and_never_elsewhere(
    statuses: tuple[str, ...], sent: bool, times: int
) -> None:
    async with gateway(*statuses) as (url, got):
        sender = HttpGateway(url, KEY, lambda: 1e9)
        assert await sender.send("+8613800138000", "x", uuid4()) is sent
        await sender.close()
    assert len(got) == times and len({body for _, body in got}) == 1


async def test_a_gateway_that_is_not_there_is_false_and_no_error() -> None:
    sender = HttpGateway("http://127.0.0.1:9/", KEY, lambda: 1e9)
    assert not await sender.send("+8613800138000", "x", uuid4())
    await sender.close()


def test_what_is_sealed_opens_with_its_key_alone() -> None:
    one, other = AesSealer(b"a" * 32), AesSealer(b"b" * 32)
    sealed = one.seal("王小明")
    assert one.open(sealed) == "王小明" and sealed != one.seal("王小明")
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x02" + sealed[1:], sealed[:5]):
        with pytest.raises(ValueError, match="sealed"):
            one.open(wrong)
    with pytest.raises(ValueError, match="another key"):
        other.open(sealed)
    assert one.mac("number", "1") != other.mac("number", "1") != one.mac("code", "1")
