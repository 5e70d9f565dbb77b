"""A real uvicorn on loopback, in a thread with a loop of its own, and a gate whose sessions remember everything."""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import uvicorn
import uvloop
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.sockets.link import Close, Handshake, Link, Refused, Session, text_frame
from gateway.sockets.protocol import Pace, SocketProtocol, make_protocol

WAIT_S: Final = 5.0
Answer = TypeVar("Answer")

REQUEST: Final = (
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Remembering:
    """Echoes; `close!` closes, `fail!` raises; what begins with `soon` is echoed soon."""

    link: Link | None = None
    received_texts: list[bytes] = field(default_factory=list)
    codes: "queue.Queue[int]" = field(default_factory=queue.Queue)
    is_open: threading.Event = field(default_factory=threading.Event)

    def opened(self, link: Link) -> None:
        self.link = link
        self.is_open.set()

    def received(self, text: bytes) -> None:
        assert self.link is not None
        self.received_texts.append(text)
        if text == b"close!":
            self.link.close(Close.REVOKED, "sign in again")
        elif text == b"fail!":
            raise ValueError("on purpose")
        elif text.startswith(b"soon"):
            self.link.write_soon(text_frame(text))
        else:
            self.link.write(text_frame(text))

    def closed(self, code: int) -> None:
        self.codes.put(code)


class RememberingGate:
    """`/refused` and `/broken` are what they say, `/slow` waits for `leave` to be set or for ever."""

    def __init__(self) -> None:
        self.handshakes: list[Handshake] = []
        self.sessions: list[Remembering] = []
        self.waiting = threading.Event()
        self.cancelled = threading.Event()

    async def admit(self, handshake: Handshake) -> Session | Refused:
        self.handshakes.append(handshake)
        if handshake.path == "/refused":
            return Refused(403, b'{"code":"origin"}', (("content-type", "application/problem+json"), ("x-why", "y")))
        if handshake.path == "/broken":
            raise ValueError("on purpose")
        if handshake.path == "/slow":
            self.waiting.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        session = Remembering()
        self.sessions.append(session)
        return session


class Server:
    """uvicorn with the protocol under test; `clock` is the wheel's."""

    def __init__(self, loop_name: str, pace: Pace | None = None) -> None:
        self.gate = RememberingGate()
        self.clock = Clock()
        self.protocol: type[SocketProtocol] = make_protocol(self.gate, pace, self.clock)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            _no_app, ws=self.protocol, http="httptools", lifespan="off", log_config=None, timeout_graceful_shutdown=3
        )
        self.uvicorn = uvicorn.Server(config)
        factory = uvloop.new_event_loop if loop_name == "uvloop" else asyncio.new_event_loop
        self._runner = asyncio.Runner(loop_factory=factory)
        self.broken: list[dict[str, Any]] = []  # what escaped into the loop; empty at the end
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with self._runner:
            loop = self._runner.get_loop()
            loop.set_exception_handler(lambda _loop, context: self.broken.append(context))
            self._runner.run(self.uvicorn.serve(sockets=[self._socket]))

    def __enter__(self) -> "Server":
        self._thread.start()
        self.raw().close()  # the backlog answers once the loop accepts
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        assert not self._thread.is_alive()
        assert self.broken == []

    def stop(self) -> None:
        """As a signal would: every open socket hears RESTART."""
        self.uvicorn.should_exit = True
        self._thread.join(WAIT_S)

    def inside(self, act: Callable[[], Answer]) -> Answer:
        """Runs `act` in the server's loop."""

        async def run() -> Answer:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._runner.get_loop()).result(WAIT_S)

    def pass_time(self, seconds: float) -> None:
        """Moves the clock and turns the wheel once round."""

        def turn() -> None:
            self.clock.now += seconds
            for _ in range(20):
                self.protocol.wheel.tick()

        self.inside(turn)

    def client(self, path: str = "/", *, subprotocols: Sequence[str] = ()) -> ClientConnection:
        """A client of the `websockets` library, which offers permessage-deflate as browsers do."""
        said = [Subprotocol(one) for one in subprotocols] or None
        url = f"ws://127.0.0.1:{self.port}{path}"
        client = connect(url, open_timeout=WAIT_S, close_timeout=WAIT_S, subprotocols=said)
        assert self.gate.sessions[-1].is_open.wait(WAIT_S)
        return client

    def raw(self, path: bytes = b"/", *, receive_bytes: int = 0) -> socket.socket:
        """A socket after its handshake; `receive_bytes` narrows what its kernel takes for a reader that is slow."""
        client = socket.socket()
        client.settimeout(WAIT_S)
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.connect(("127.0.0.1", self.port))
        client.sendall(REQUEST % path)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert self.gate.sessions[-1].is_open.wait(WAIT_S)
        return client

    def quiet(self) -> bool:
        """Whether nothing of any socket is left: on the wheel, with uvicorn, as a task."""
        state = self.uvicorn.server_state
        return self.inside(lambda: not (len(self.protocol.wheel) or state.connections or state.tasks))


def until_end(client: socket.socket) -> bytes:
    """All that the server still says, to its end of the connection."""
    heard = b""
    while chunk := client.recv(65_536):
        heard += chunk
    return heard


@contextlib.contextmanager
def open_links(server: Server, count: int) -> Iterator[list[Remembering]]:
    """`count` healthy sockets' sessions."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(server.client())
        yield server.gate.sessions[-count:]


async def _no_app(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no request reaches the application")
