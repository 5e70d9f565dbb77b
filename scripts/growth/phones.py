"""Officers' sockets for measurements: thousands in one process, the public protocol, as little work as can be.

Deliberately not `scripts.simulator.line`: a phone that behaves like a person costs more than the service that it
measures.
"""

import asyncio
import json
import os
import resource
import time
from collections.abc import Callable, Iterable
from typing import Final

from dispatch.limits import TICKET_S
from dispatch.people.tickets import Ticket, sign
from dispatch.people.values import Role
from geo.point import Point
from scripts.bench_server import ORIGIN, TICKET_KEY, officer_id, session_id

AT_ONCE: Final = 64  # handshakes on their way
WELCOME_S_MAX: Final = 30.0
RETRIES_MAX: Final = 20

Heard = Callable[["Phone", bytes, float], None]
"""A phone, a message, and this process's monotonic time of it."""


def ticket_of(number: int) -> str:
    officer, session = officer_id(number), session_id(number)
    expires = int(time.time()) + TICKET_S - 5
    return sign(
        TICKET_KEY,
        Ticket(session=session, role=Role.OFFICER, officer=officer, station="bench", case=None, origin=ORIGIN,
               expires=expires, nonce=os.urandom(16)),
    )  # fmt: skip


class Phone(asyncio.Protocol):
    """One officer's socket. What it hears goes to `heard`."""

    __slots__ = ("_earlier", "_rest", "_upgraded", "heard", "number", "transport", "welcome", "welcomed")

    def __init__(self, number: int, heard: Heard, earlier: dict[str, object]) -> None:
        """`earlier`: the welcome of a socket before, to go on after it; empty for the first."""
        self.number, self.heard, self._earlier = number, heard, earlier
        self.transport: asyncio.Transport | None = None
        self.welcomed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.welcome: dict[str, object] = {}
        self._rest = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET /v1/socket?ticket={ticket_of(self.number)} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {ORIGIN}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError("the socket ended before its welcome"))
            self.welcomed.exception()  # it may be that nobody waits any more

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        rest = self._rest + data if self._rest else data
        if not self._upgraded:
            head, end, rest_ = rest.partition(b"\r\n\r\n")
            if not end:
                self._rest = rest
                return
            if not head.startswith(b"HTTP/1.1 101"):
                assert self.transport is not None
                self.transport.abort()
                return
            self._upgraded, rest = True, rest_
            resume = {"token": self._earlier["token"], "at": self._earlier["at"]} if self._earlier else {}
            self.say({"t": "hello", "v": 1, **resume})
        at = 0
        while len(rest) - at >= 2:
            size, start = rest[at + 1], at + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                if len(rest) < start + wide:
                    break
                size, start = int.from_bytes(rest[start : start + wide], "big"), start + wide
            if len(rest) < start + size:
                break
            if rest[at] == 0x81:
                self._text(rest[start : start + size], now)
            elif rest[at] == 0x89:
                self._frame(0x8A, b"")
            at = start + size
        self._rest = rest[at:]

    def _text(self, text: bytes, now: float) -> None:
        if text.startswith(b'{"t":"welcome"'):
            self.welcome = json.loads(text)
            if not self.welcomed.done():
                self.welcomed.set_result(text)
        elif text.startswith(b'{"t":"beat"'):
            self.welcome["at"] = json.loads(text)["at"]  # what a phone keeps on its disk: heard up to here
        else:
            self.heard(self, text, now)

    # --- what it says
    def say(self, message: dict[str, object]) -> None:
        self._frame(0x81, json.dumps(message).encode())

    def fix(self, place: Point) -> None:
        self.say({"t": "fix", "lat": place.lat, "lon": place.lon})

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _frame(self, first: int, payload: bytes) -> None:
        assert self.transport is not None
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else bytes((0xFE,)) + size.to_bytes(2, "big")
        self.transport.write(bytes((first,)) + length + bytes(4) + payload)  # a mask of zeros masks nothing


class Crew:
    """Phones by officer's number, spread evenly over the web processes."""

    def __init__(self, ports: Iterable[int], heard: Heard) -> None:
        self.ports, self.heard = list(ports), heard
        self.phones: dict[int, Phone] = {}
        self.places: dict[int, Point] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def open(self, places: dict[int, Point], *, fixes: bool = True) -> None:
        """Everybody of `places` is welcomed, and stands there where `fixes`. Raises: ConnectionError, TimeoutError."""
        self.places |= places
        async with asyncio.TaskGroup() as group:
            for number in places:
                group.create_task(self._open_one(number, fixes))

    async def again(self) -> None:
        """Everybody comes back at once and goes on where they were."""
        await self.open(dict(self.places))

    def cut(self) -> None:
        """All sockets end without a farewell; welcomes are remembered, as on a phone's disk."""
        for phone in self.phones.values():
            phone.close()

    async def _open_one(self, number: int, fixes: bool) -> None:
        for attempt in range(RETRIES_MAX):
            async with self._turn:
                try:
                    async with asyncio.timeout(WELCOME_S_MAX):
                        phone = await self._socket(number)
                        break
                except (ConnectionError, OSError):
                    if attempt == RETRIES_MAX - 1:
                        raise
            await asyncio.sleep(0.05 * (attempt + 1))
        self.phones[number] = phone
        if fixes:
            phone.fix(self.places[number])

    async def _socket(self, number: int) -> Phone:
        phone = Phone(number, self.heard, self.phones[number].welcome if number in self.phones else {})
        port = self.ports[number % len(self.ports)]
        await asyncio.get_running_loop().create_connection(lambda: phone, "127.0.0.1", port)
        await phone.welcomed
        return phone
