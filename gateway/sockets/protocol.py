"""The websocket protocol of uvicorn's `ws` setting: prepared frames to the socket, whole texts to the session.

Nothing between a frame and the kernel ever waits: a peer that does not read is told to come back, its neighbours do
not notice. Measured choices and what they cost: FIGURES.md beside this file.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from dispatch import limits
from gateway.sockets import frames
from gateway.sockets.frames import Frames, Violation
from gateway.sockets.kernel import give_up_after
from gateway.sockets.link import Close, Gate, Refused, Session
from gateway.sockets.opening import Opening, problem, read_request, render
from gateway.sockets.wheel import Wheel

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_LOG: Final = logging.getLogger(__name__)
_COME_BACK: Final = ("retry-after", "1")
_BUSY: Final = problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Come back in a moment.", _COME_BACK)
_BROKEN: Final = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The handshake failed on our side.")
_DEAF_BYTES_MAX: Final = 256 * 1024  # read from a peer that was told to close; then the kernel holds it back


@dataclass(frozen=True, slots=True)
class Pace:
    """The protocol's times and its outbox's bound; tests shorten them."""

    admit_s: float = limits.CALL_S_MAX
    ping_s: float = 20.0  # of silence; two pings fit before SILENT_S_MAX
    silent_s: float = limits.SILENT_S_MAX
    stalled_s: float = limits.STALLED_S_MAX
    untaken_s: float = limits.UNTAKEN_S_MAX
    linger_s: float = 1.0  # for the peer's half of the close, then the connection is cut
    outbox_bytes: int = limits.OUTBOX_BYTES_MAX


class _State(Enum):
    OPENING = auto()  # the gate is thinking
    OPEN = auto()
    CLOSING = auto()  # our close frame is out, the peer's is awaited
    DEAF = auto()  # nothing more to say, what still comes is thrown away
    LOST = auto()


_OPENING, _OPEN, _CLOSING, _DEAF, _LOST = _State


class SocketProtocol(asyncio.Protocol):
    """One connection from its replayed request to its end; the `Link` of its session.

    A session that the gate gave hears `closed` exactly once, from the loop and never inside `write` or `close`, as
    soon as the link is of no more use. Its code is the peer's (1005 when it gave none), ours when we closed first, or
    1006 when the connection went without a word. If the peer left while the gate was thinking, `opened` never comes.
    """

    __slots__ = (
        "_connections",
        "_deaf_bytes",
        "_early",
        "_fd",
        "_frames",
        "_handed",
        "_heard",
        "_pinged",
        "_progress_at",
        "_sent",
        "_session",
        "_soon",
        "_state",
        "_task",
        "_tasks",
        "_transport",
    )
    gate: ClassVar[Gate]
    wheel: ClassVar[Wheel]
    pace: ClassVar[Pace]
    guard: "ClassVar[Sequence[tuple[str, str]]]" = ()  # headers of every refusal
    _corked: "ClassVar[list[SocketProtocol]]"  # with something to write soon

    def __init__(
        self,
        config: "Config",
        server_state: "ServerState",
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._connections = cast(set[object], server_state.connections)
        self._tasks = server_state.tasks
        self._state = _OPENING
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._frames = Frames()
        self._early = self._soon = b""
        self._fd = -1
        self._heard = self._pinged = self._progress_at = 0.0
        self._handed = self._sent = 0  # bytes given to the transport, and of these to the kernel when last looked at
        self._deaf_bytes = 0

    # --- the link ---------------------------------------------------------------------------------------------

    def write(self, frame: bytes) -> None:
        """Writes a prepared frame; when more than OUTBOX_BYTES_MAX would stay unsent, closes with SLOW instead."""
        if self._state is not _OPEN:
            return
        if self._soon:
            frame, self._soon = self._soon + frame, b""
        transport = self._transport
        unsent = transport.get_write_buffer_size()
        if unsent + len(frame) > self.pace.outbox_bytes:
            self.close(Close.SLOW, "too much unsent")
        elif unsent or self._fd < 0:
            self._hand_over(frame)
        elif not transport.is_closing():  # a closing transport's descriptor may be another's already
            try:
                sent = os.write(self._fd, frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                transport.abort()
                return
            if sent < len(frame):
                self._hand_over(frame[sent:])

    def write_soon(self, frame: bytes) -> None:
        """As `write`, but joins whatever is written next; at the latest after the callbacks that are ready now."""
        if self._state is not _OPEN:
            return
        if not self._soon:
            if not self._corked:
                loop = asyncio.get_running_loop()
                loop.call_soon(loop.call_soon, self._uncork)  # behind the answers that this turn sets going
            self._corked.append(self)
        self._soon += frame

    @classmethod
    def _uncork(cls) -> None:
        corked, cls._corked = cls._corked, []
        for link in corked:
            if link._soon:
                link.write(b"")

    def close(self, code: Close, reason: str = "") -> None:
        """Sends a close frame once; later writes go nowhere. The connection is cut if the peer does not answer."""
        if self._state is _OPEN:
            if self._soon:
                self._hand_over(self._soon)
                self._soon = b""
            self._state = _CLOSING
            self._hand_over(frames.close_frame(code, reason))
            self._end(code)

    @property
    def unsent(self) -> int:
        """Bytes written but not yet taken by the kernel."""
        return self._transport.get_write_buffer_size() if self._state is not _LOST else 0

    # --- asyncio's and uvicorn's calls ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        # uvicorn's HTTP protocol and its parser hold each other and would wait, several KiB a socket, for a full
        # garbage collection, which this service puts off. It is of no use once this call chain has returned.
        predecessor = self._transport.get_protocol()
        if predecessor is not self and hasattr(predecessor, "parser"):
            asyncio.get_running_loop().call_soon(vars(predecessor).pop, "parser", None)

    def data_received(self, data: bytes) -> None:
        if self._state is _OPEN:
            self._heard = self.wheel.now
            text = None if self._frames.pending else frames.whole_text(data)
            if text is not None:
                self._receive(text)
            else:
                self._read(data)
        elif self._state is _CLOSING or self._state is _DEAF:
            self._deaf_bytes += len(data)
            if self._deaf_bytes > _DEAF_BYTES_MAX:
                self._transport.pause_reading()
            if self._state is _CLOSING:
                self._read(data)
        elif self._state is _OPENING:
            self._open_with(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._state = _LOST
        self._connections.discard(self)
        self._fd = -1
        if self._task is not None:
            self._task.cancel()
        self._end(frames.ABNORMAL)
        self.wheel.forget(self)

    def shutdown(self) -> None:
        """uvicorn stops: open sockets hear RESTART, waiting ones 503."""
        if self._state is _OPENING and self._task is not None:
            self._task.cancel()
            self._refuse(_BUSY)
        else:
            self.close(Close.RESTART, "restart")

    # --- the wheel's calls ------------------------------------------------------------------------------------

    def turn(self, now: float) -> None:
        """Pings a silent peer, gives up a dead one."""
        if now - self._heard >= self.pace.silent_s:
            self.close(Close.SILENT, "nothing heard")
        elif now - max(self._heard, self._pinged) >= self.pace.ping_s:
            self._pinged = now
            self.write(frames.PING_FRAME)

    def progress(self, now: float) -> bool:
        """Whether bytes still wait; closes when none has left for too long."""
        unsent = self._transport.get_write_buffer_size()
        sent = self._handed - unsent
        if not unsent:
            return False
        if sent > self._sent:
            self._sent, self._progress_at = sent, now
        elif now - self._progress_at >= self.pace.stalled_s:
            self.close(Close.STALLED, "nothing taken")
            return False
        return True

    def abort(self) -> None:
        """Cuts the connection."""
        self._transport.abort()

    # --- opening ----------------------------------------------------------------------------------------------

    def _open_with(self, data: bytes) -> None:
        """The request first; then whatever a hasty peer says before it is answered, kept within a bound."""
        if self._task is None:
            peer = self._transport.get_extra_info("peername")
            opening = read_request(data, str(peer[0]) if isinstance(peer, tuple) and peer else "")
            if isinstance(opening, Refused):
                self._refuse(opening)
                return
            self._task = asyncio.get_running_loop().create_task(self._admit(opening))
            self._tasks.add(self._task)
            self._task.add_done_callback(self._tasks.discard)
            return
        self._early += data
        if len(self._early) > limits.MESSAGE_BYTES_MAX:
            self._transport.abort()

    async def _admit(self, opening: Opening) -> None:
        answer: Session | Refused
        try:
            async with asyncio.timeout(self.pace.admit_s):
                answer = await self.gate.admit(opening.handshake)
        except TimeoutError:
            answer = _BUSY
        except Exception:
            _LOG.exception("the gate failed")
            answer = _BROKEN
        self._task = None
        if isinstance(answer, Refused):
            self._refuse(answer)
            return
        self._session = answer
        if self._state is not _OPENING:
            self._end(frames.ABNORMAL)
            return
        transport = self._transport
        if transport.get_extra_info("sslcontext") is None and transport.get_extra_info("socket") is not None:
            self._fd = transport.get_extra_info("socket").fileno()
        give_up_after(transport, self.pace.untaken_s)
        self._state = _OPEN
        self.wheel.join(self)
        self._heard = self._pinged = self.wheel.now
        transport.write(opening.accepted)
        try:
            answer.opened(self)
        except Exception:
            self._fail_inside("opened")
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    def _refuse(self, refused: Refused) -> None:
        if self._state is _OPENING:
            self._state = _DEAF
            self.wheel.leave(self, self.pace.linger_s)
            self._transport.write(render(refused, self.guard))
            self._transport.close()

    # --- open -------------------------------------------------------------------------------------------------

    def _read(self, data: bytes) -> None:
        """Takes frames apart and answers each; once we have closed, only the peer's close counts."""
        try:
            for opcode, payload in self._frames.take(data):
                if opcode == frames.CLOSE:
                    self._close_back(payload)
                    return
                if self._state is not _OPEN:
                    continue
                if opcode == frames.TEXT:
                    self._receive(payload)
                elif opcode == frames.PING:
                    self.write(frames.control_frame(frames.PONG, payload))
        except Violation as broken:
            self._fail(broken)

    def _receive(self, text: bytes) -> None:
        assert self._session is not None
        try:
            self._session.received(text)
        except Exception:
            self._fail_inside("received")

    def _hand_over(self, frame: bytes) -> None:
        """To the transport's buffer, and onto the list of those who are watched until it is empty."""
        if self._transport.is_closing():
            return
        self._handed += len(frame)
        self._transport.write(frame)
        unsent = self._transport.get_write_buffer_size()
        if unsent and self._state is _OPEN:
            if unsent <= len(frame):
                self._sent, self._progress_at = self._handed - unsent, self.wheel.now
            self.wheel.watch(self)

    # --- ends -------------------------------------------------------------------------------------------------

    def _close_back(self, payload: bytes) -> None:
        """The peer's close frame: echoed if it came first; either way the server closes the connection (7.1.1)."""
        code = frames.close_code(payload)
        if self._state is _OPEN:
            self._state = _DEAF
            self._hand_over(frames.control_frame(frames.CLOSE, payload[:2]))
            self._end(code)
        self._state = _DEAF
        self._transport.close()

    def _fail(self, broken: Violation) -> None:
        """Says why, ends our half, and reads no sense into what still comes; the peer hears us before the cut."""
        self.close(broken.code, str(broken))
        self._state = _DEAF
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def _fail_inside(self, where: str) -> None:
        _LOG.exception("a session failed in %s", where)
        self.close(Close.INTERNAL, "internal")

    def _end(self, code: int) -> None:
        """Off the wheel's rounds, and the session is told, once, when whoever is calling has finished."""
        self.wheel.leave(self, self.pace.linger_s)
        session, self._session = self._session, None
        if session is not None:
            asyncio.get_running_loop().call_soon(_tell, session, code)


def _tell(session: Session, code: int) -> None:
    try:
        session.closed(int(code))
    except Exception:
        _LOG.exception("a session failed in closed")


def make_protocol(
    gate: Gate,
    pace: Pace | None = None,
    clock: Callable[[], float] = time.monotonic,
    guard: Sequence[tuple[str, str]] = (),
) -> type[SocketProtocol]:
    """The class for `uvicorn.Config(ws=...)`: its sockets pass `gate` and share one wheel that reads `clock`.

    `guard`: headers that every refusal carries.

    One event loop a class.
    """

    class GatedProtocol(SocketProtocol):
        __slots__ = ()

    GatedProtocol.gate = gate
    GatedProtocol.guard = tuple(guard)
    GatedProtocol.wheel = Wheel(clock)
    GatedProtocol._corked = []
    GatedProtocol.pace = pace if pace is not None else Pace()
    return GatedProtocol
