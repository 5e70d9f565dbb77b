"""One person's socket: opened with a ticket, resumed after every break, deaf where there is no signal.

`heard` is called for every message, in order, with the time of its arrival and whether the phone had been in touch
for a while (`steady`): what a phone is told right after a break it missed by its own fault.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from dispatch.cases import views
from gateway.sockets.link import Close
from gateway.wire.fields import Message
from gateway.wire.messages import VERSION, Hello
from scripts.simulator.doors import Person, Turned
from scripts.simulator.http import Unanswered
from scripts.simulator.ledger import Ledger

STEADY_S: Final = 2.0
OPEN_S: Final = 10.0
PAUSE_FIRST_S: Final = 0.2
PAUSE_MAX_S: Final = 5.0
MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024  # a desk's snapshot holds its whole queue
GO_AWAY: Final = range(4400, 4500)

Heard = Callable[[views.Sent, float, bool], None]
_decoder = msgspec.json.Decoder(views.Sent)
_encode = msgspec.json.Encoder().encode


class Line:
    """Keep `run` running as long as the person wants to be in touch; `renew` signs in again."""

    def __init__(self, person: Person, ledger: Ledger, heard: Heard, name: str) -> None:
        self._person, self._ledger, self._heard, self._name = person, ledger, heard, name
        self._socket: ClientConnection | None = None
        self._token: str | None = None
        self._at: dict[str, int] = {}
        self._lost = False
        self._since = 0.0
        self._away_until = 0.0
        self._gone_at: float | None = None
        self.pause_s: float | None = None
        """Of somebody rude, who comes back after so long each time; None: ever more slowly, by chance."""
        self.outages_s: list[float] = []
        """How long the person was out of touch, each time."""
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Never returns by itself. Raises: Turned when the service sends this person away for good."""
        failures = 0
        while True:
            await asyncio.sleep(self._away_until - time.monotonic())
            try:
                await self._once()
                failures = 0
            except (OSError, TimeoutError, EOFError, Unanswered, InvalidHandshake, ConnectionClosed):
                failures += 1
                self._person.move_on()
            finally:
                if self.ready.is_set():
                    self._gone_at = time.monotonic()
                self._socket, self._lost = None, False
                self.ready.clear()
            pause_s = min(PAUSE_FIRST_S * 2 ** min(failures, 6), PAUSE_MAX_S)
            await asyncio.sleep(pause_s * random.random() if self.pause_s is None else self.pause_s)

    async def send(self, message: Message) -> bool:
        """Whether it went out; whether it arrived only an answer tells."""
        socket = self._socket
        if socket is None or self._lost or not self.ready.is_set():
            return False
        try:
            await socket.send(_encode(message), text=True)
        except ConnectionClosed:
            return False
        return True

    def hang_up(self, seconds: float) -> None:
        """Gone at once without a farewell, and not back for so long."""
        self._away_until = time.monotonic() + seconds
        if self._socket is not None:
            self._socket.transport.abort()

    async def lose_signal(self, seconds: float) -> None:
        """Nothing is heard or said for so long; then the phone gives the old connection up, without a farewell."""
        socket = self._socket
        if socket is None or self._lost:
            return
        self._lost = True
        self._ledger.signals_lost += 1
        with contextlib.suppress(RuntimeError):
            socket.transport.pause_reading()
        await asyncio.sleep(seconds)
        if self._socket is socket:
            socket.transport.abort()

    async def _once(self) -> None:
        door = self._person.door
        ticket = await self._person.ticket()
        async with asyncio.timeout(OPEN_S):
            socket = await connect(
                f"ws{door.base.removeprefix('http')}/v1/socket",
                subprotocols=[Subprotocol("onbeat.1"), Subprotocol(f"ticket.{ticket}")],
                additional_headers={"X-Forwarded-For": self._person.address},
                origin=door.base,  # type: ignore[arg-type] # a NewType of str
                compression=None,
                ping_interval=None,
                close_timeout=1,
                max_size=MESSAGE_BYTES_MAX,
                max_queue=None,
                proxy=None,
            )
        try:
            self._socket, self._lost = socket, False
            await socket.send(_encode(Hello(v=VERSION, token=self._token, at=dict(self._at))), text=True)
            with contextlib.suppress(ConnectionClosed):
                async for raw in socket:
                    if not self._lost:
                        self._take(raw)
            self._judge_close(socket.close_code)
        finally:
            socket.transport.abort()

    def _take(self, raw: str | bytes) -> None:
        now = time.monotonic()
        try:
            message = _decoder.decode(raw)
        except msgspec.MsgspecError as error:
            self._ledger.odd(f"a message was not as promised: {error}")
            return
        steady = self.ready.is_set() and now - self._since > STEADY_S
        if isinstance(message, views.View):
            if message.stream:
                self._passed({message.stream: message.offset})
        elif isinstance(message, views.Past | views.Beat):
            self._passed(message.at)
            return
        elif isinstance(message, views.Welcome):
            self._welcome(message, now)
        elif isinstance(message, views.Snapshot):
            self._at = dict(message.at)
        elif isinstance(message, views.Problem):
            self._ledger.odd(f"problem {message.code}")
        self._heard(message, now, steady)

    def _welcome(self, message: views.Welcome, now: float) -> None:
        if self._token is not None and message.resumed:
            self._ledger.resumed += 1
        elif self._token is not None:
            self._ledger.snapshots += 1
        if not message.resumed:
            self._at = {}  # until the snapshot comes
        if self._gone_at is not None:
            self.outages_s.append(now - self._gone_at)
            self._gone_at = None
        self._token, self._since = message.token, now
        self.ready.set()

    def _passed(self, at: dict[str, int]) -> None:
        for stream, offset in at.items():
            if offset > self._at.get(stream, -1):
                self._at[stream] = offset

    def _judge_close(self, code: int | None) -> None:
        if code in (Close.RESTART, Close.GOING_AWAY):
            self._person.move_on()  # it has said that it is leaving: no good knocking there again
        if code is None or code not in GO_AWAY or code == Close.REPLACED:
            return
        raise Turned(code, "closed", f"the socket of {self._name} was closed for good")
