"""What the message gateway is sent, and what is made of its answers: a real HTTP server on loopback."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dispatch.adapters import messengers
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


@pytest.mark.parametrize("endless", ["body", "head"])
async def test_a_gateway_that_never_ends_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch, endless: str) -> None:
    """A body without end is read to the bound and no further; a head that comes line by line has its time once."""
    monkeypatch.setattr(messengers, "TIMEOUT_S", 0.5 if endless == "head" else 20.0)
    wrote = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal wrote
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n")
        with contextlib.suppress(ConnectionError):
            if endless == "body":
                writer.write(b"\r\n")
                for _ in range(10_000):
                    writer.write(b"x" * 65_536)
                    await writer.drain()
                    wrote += 65_536
            while endless == "head":  # no read waits long, and the head has no end
                writer.write(b"x-more: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        sender = HttpGateway(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", KEY, lambda: 1e9)
        async with asyncio.timeout(45):
            assert await sender.send("+8613800138000", "x", uuid4()) is (endless == "body")
        await sender.close()
    assert wrote < 500 * 65_536, "what lies in the sockets' buffers, and not 650 MB"


def test_what_was_sealed_before_it_was_bound_to_its_row_still_opens() -> None:
    """As version 1 wrote it."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"onbeat vault seal").derive(b"a" * 32)
    old = b"\x01" + b"n" * 12 + AESGCM(key).encrypt(b"n" * 12, "王小明".encode(), b"\x01")
    assert AesSealer(b"a" * 32).open(old, "name|1") == "王小明"


def test_what_is_sealed_opens_with_its_key_alone() -> None:
    one, other = AesSealer(b"a" * 32), AesSealer(b"b" * 32)
    sealed = one.seal("王小明", "name|1")
    assert one.open(sealed, "name|1") == "王小明" and sealed != one.seal("王小明", "name|1")
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x01" + sealed[1:], b"\x03" + sealed[1:], sealed[:5]):
        with pytest.raises(ValueError, match="sealed"):
            one.open(wrong, "name|1")
    for opener, about in ((other, "name|1"), (one, "name|2"), (one, "number|1"), (one, "")):
        with pytest.raises(ValueError, match="another key"):
            opener.open(sealed, about)
    assert one.mac("number", "1") != other.mac("number", "1") != one.mac("code", "1")
