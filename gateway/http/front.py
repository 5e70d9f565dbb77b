"""What stands before the app: uvicorn's HTTP protocol with the bounds that it lacks.

A request's head must come within HEAD_S_MAX and hold at most HEAD_BYTES_MAX; otherwise somebody could hold a connection
with one byte a minute, or fill our memory with one endless header. What cannot be read as HTTP is answered by a problem
document like every other mistake.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from dispatch import limits
from gateway.http.headers import UNLESS_SAID
from gateway.http.problems import problem


class FrontProtocol(HttpToolsProtocol):
    """One connection until it is closed or becomes a socket."""

    head_s_max: float = limits.HEAD_S_MAX

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_bytes = 0
        self._in_head = False
        self._late: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > limits.HEAD_BYTES_MAX:
            self._refuse("head_too_large")

    def on_message_begin(self) -> None:
        if self._late is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse("malformed_request")

    def _begin(self) -> None:
        """From now on a head is awaited: the first of a connection at once, a later one from its first byte."""
        self._in_head, self._head_bytes = True, 0
        self._late = self.loop.call_later(self.head_s_max, self._give_up)

    def _end(self) -> None:
        self._in_head = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        self._refuse("body_slow")

    def _refuse(self, code: str) -> None:
        """A problem document, after which nothing is heard and the connection is closed.

        What was sent meanwhile is read and thrown away for a while: closing over it would reset the connection, and a
        reset takes the answer from whoever has not read it yet (RFC 9112, 9.6).
        """
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._end()
        answer = problem(None, code)
        raw = [*self.server_state.default_headers, *answer.raw_headers]
        named = {name for name, _ in raw}
        raw += [(n.encode(), v.encode()) for n, v in UNLESS_SAID if n.encode() not in named]
        lines = [name + b": " + value + b"\r\n" for name, value in (*raw, _CLOSE)]
        self.transport.write(b"".join((STATUS_LINE[answer.status_code], *lines, b"\r\n", cast(bytes, answer.body))))
        if self.transport.can_write_eof():  # not over TLS, whose close says it
            self.transport.write_eof()
        self.loop.call_later(limits.LINGER_S, self.transport.close)


_CLOSE: Final = (b"connection", b"close")
