"""A lean HTTP/1.1 client: kept connections, JSON bodies, and honest doubt.

A request that was not answered may have been done all the same: that is `Unanswered`, and the caller asks again
with the same key. Connections belong to one event loop.
"""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

ANSWER_S: Final = 10.0
BODY_BYTES_MAX: Final = 32 * 1024 * 1024
AT_ONCE: Final = 64
"""Connections to one address at a time; the rest wait, which nothing that is timed does in practice."""
IDLE_S_MAX: Final = 4.0
"""Servers drop idle connections after about 5 s: an older one is not used again."""


class Unanswered(Exception):
    """No answer came; the request may have been done or not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`sent` and `at`: monotonic seconds just before the request went out and when its answer was whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: float
    at: float


class Http:
    """One server: `http://host:port`. Raises: ValueError for any other address."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the simulation speaks to http://host:port, not to {base}")
        self.base = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port, self._netloc = parts.hostname, parts.port or 80, parts.netloc
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = deque()
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
        *,
        deaf: bool = False,
    ) -> Answer:
        """The answer to one request. `deaf`: the connection is cut as soon as the request is out.

        Raises: Unanswered.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._netloc}", "Accept: application/json"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body or method != "GET":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_S):
                    return await self._exchange(request, deaf=deaf)
            except (OSError, EOFError, ValueError, IndexError, TimeoutError, asyncio.LimitOverrunError) as error:
                raise Unanswered(f"{method} {path}: {type(error).__name__} {error}") from error

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(self, request: bytes, *, deaf: bool) -> Answer:
        reader, writer = await self._connection()
        kept = False
        try:
            sent = time.monotonic()
            writer.write(request)
            if deaf:
                await writer.drain()
                raise ConnectionAbortedError("the caller hung up")
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ", 2)[1])
            headers = {
                name.strip().lower(): value.strip()
                for name, colon, value in (line.partition(":") for line in head[1:])
                if colon
            }
            body = await _body(reader, status, headers)
            kept = headers.get("connection", "").lower() != "close"
            return Answer(status, headers, body, sent, time.monotonic())
        finally:
            if kept:
                self._idle.append((reader, writer, time.monotonic()))
            else:
                writer.transport.abort()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer, since = self._idle.pop()
            if time.monotonic() - since < IDLE_S_MAX and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            with contextlib.suppress(OSError):
                writer.close()
        return await asyncio.open_connection(self._host, self._port, limit=65_536)


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> bytes:
    if status in (204, 304):
        return b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        whole = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            if len(whole) + size > BODY_BYTES_MAX:
                raise ValueError("the answer is too large")
            whole += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return bytes(whole)
    size = int(headers.get("content-length", "0"))
    if size > BODY_BYTES_MAX:
        raise ValueError("the answer is too large")
    return await reader.readexactly(size)
