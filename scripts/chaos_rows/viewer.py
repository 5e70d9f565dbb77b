"""One socket held in the hand: opened with any token and offsets, cut in any way, everything it was told kept."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from dispatch.cases import views
from gateway.wire.messages import VERSION, Hello
from scripts.chaos_rows.crew import ATTEMPT_S
from scripts.simulator.doors import Person, Turned
from scripts.simulator.http import Unanswered

BROKEN: Final = (OSError, TimeoutError, EOFError, Unanswered, InvalidHandshake, ConnectionClosed)
_decoder = msgspec.json.Decoder(views.Sent)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Heard:
    """A message and when it came, in monotonic seconds; `life` counts connections."""

    message: views.Sent
    at: float
    life: int


@dataclass(slots=True)
class Viewer:
    """What one person is shown. `token` and `at` outlive the socket, as on a phone's disk."""

    person: Person
    token: str | None = None
    at: dict[str, int] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    welcome_s: list[float] = field(default_factory=list)
    life: int = 0
    dropped: int = 0
    receive_bytes: int = 0
    """What its kernel takes for a reader that is slow; 0: as much as it likes."""
    _socket: ClientConnection | None = None
    _narrow: socket.socket | None = None

    async def open(self, *, patience_s: float = 30.0) -> views.Welcome:
        """A new socket, past hello; tries other doors. Raises: Unanswered after `patience_s`, Turned."""
        ends = time.monotonic() + patience_s
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    return await self._open()
            except BROKEN as error:
                self.drop()
                self.person.move_on()
                if time.monotonic() > ends:
                    raise Unanswered(f"no socket within {patience_s:.0f} s: {error!r}") from error
            await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _open(self) -> views.Welcome:
        ticket = await self.person.ticket()
        door = self.person.door
        self._narrow = await _narrow(door.base, self.receive_bytes) if self.receive_bytes else None
        self._socket = await connect(
            f"ws{door.base.removeprefix('http')}/v1/socket?ticket={ticket}",
            additional_headers={"X-Forwarded-For": self.person.address},
            origin=door.base,  # type: ignore[arg-type] # a NewType of str
            compression=None,
            ping_interval=None,
            close_timeout=1,
            max_size=None,
            max_queue=None,
            proxy=None,
            sock=self._narrow,
        )
        self.life += 1
        began = time.monotonic()
        await self._socket.send(_encode(Hello(v=VERSION, token=self.token, at=dict(self.at))), text=True)
        first = self._take(await self._socket.recv())
        if not isinstance(first, views.Welcome):
            raise Turned(0, "not_welcome", f"the first message was {first!r}")
        if not first.resumed:
            second = self._take(await self._socket.recv())
            if not isinstance(second, views.Snapshot):
                raise Turned(0, "no_snapshot", f"after {first.why} came {second!r}")
        self.welcome_s.append(time.monotonic() - began)
        self.token = first.token
        return first

    async def listen(self, seconds: float) -> bool:
        """Takes what comes for so long; False when the socket ended before."""
        assert self._socket is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                try:
                    async for raw in self._socket:
                        self._take(raw)
                except ConnectionClosed:
                    pass
                return False
        return True

    async def close(self) -> None:
        """A farewell (FIN)."""
        if self._socket is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    await self._socket.close()
        self.drop()

    def reset(self) -> None:
        """Gone without a word (RST)."""
        if self._socket is not None:
            held = self._socket.transport.get_extra_info("socket")
            if held is not None:
                with contextlib.suppress(OSError):
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.drop()

    async def go_deaf(self, seconds: float) -> None:
        """Nothing gets through any more; after a while the phone gives the connection up."""
        if self._socket is not None:
            with contextlib.suppress(RuntimeError):
                self._socket.transport.pause_reading()
            await asyncio.sleep(seconds)
        self.drop()

    def hold_back(self) -> socket.socket:
        """Reads no more. The socket, to look at and to close; needs `receive_bytes`."""
        assert self._socket is not None and self._narrow is not None
        self._socket.transport.pause_reading()
        return self._narrow.dup()

    async def murmur(self) -> None:
        """A word that needs no answer: a phone that does not read may still send, and so hears that it was cut."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed, OSError):
                await self._socket.pong()

    def drop(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    def _take(self, raw: str | bytes) -> views.Sent:
        message: views.Sent = _decoder.decode(raw)
        self._note(message, time.monotonic())
        return message

    def _note(self, message: Any, now: float) -> None:
        if isinstance(message, views.View):
            if message.stream and message.offset <= self.at.get(message.stream, -1):
                self.dropped += 1  # told before: this is what the offsets are for
                return
            if message.stream:
                self.at[message.stream] = message.offset
        elif isinstance(message, views.Past | views.Beat):
            for stream, offset in message.at.items():
                self.at[stream] = max(offset, self.at.get(stream, -1))
        elif isinstance(message, views.Snapshot):
            self.at = dict(message.at)
        elif isinstance(message, views.Welcome) and not message.resumed:
            self.token, self.at = None, {}  # both come back with the snapshot, if it comes
        self.heard.append(Heard(message, now, self.life))


async def _narrow(base: str, receive_bytes: int) -> socket.socket:
    """A connection whose kernel takes little."""
    where, held = urlsplit(base), socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    held.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(held, (where.hostname, where.port))
    except BaseException:
        held.close()
        raise
    return held
