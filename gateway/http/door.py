"""The short way for reports: from the parser of uvicorn's HTTP protocol to the judge's batch, without a task.

Most of what a report costs this process on the usual way is the way: a scope, a task, middleware, routing, a request
that is read in parts. What is plain (one POST, whole, nobody signed in) needs none of it. Everything else goes the
usual way, and both ways share what decides: `gateway.http.cases`. A test compares their answers, refusals too.
"""

import asyncio
import functools
import logging
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple, cast

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from dispatch import limits
from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.people.permissions import Act
from dispatch.people.values import NOBODY
from gateway.http.advice import reporter_of
from gateway.http.bearer import require
from gateway.http.bodies import key_of, report_of
from gateway.http.cases import Entering, reported
from gateway.http.friction import WORK, Came
from gateway.http.front import FrontProtocol
from gateway.http.headers import unless_said
from gateway.http.problems import Problem, problem
from gateway.node import Node
from gateway.refusals import tell

log = logging.getLogger("onbeat.http")

PATH: Final = b"/v1/reports"
JSON: Final = b"application/json"
WORK_HEAD: Final = WORK.encode()
LENGTH_DIGITS_MAX: Final = len(str(limits.BODY_BYTES_MAX))
# Whoever sends one of these is somebody, or wants something of the connection.
USUAL_WAY: Final = frozenset({b"authorization", b"cookie", b"expect", b"transfer-encoding", b"upgrade"})

Headers = Sequence[tuple[bytes, bytes]]


class Plain(NamedTuple):
    """What the heads of a plain report say; bytes as they came."""

    key: bytes
    work: bytes | None
    forwarded: bytes | None


def plain_head(headers: Headers) -> Plain | None:
    """Of a report that may take the short way; None: it goes the usual way."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in USUAL_WAY or name in found:
            return None
        found[name] = value
    length = found.get(b"content-length", b"")
    if found.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    whole = length.isdigit() and len(length) <= LENGTH_DIGITS_MAX and int(length) <= limits.BODY_BYTES_MAX
    key = found.get(b"idempotency-key") if whole and found.get(b"content-type") == JSON else None
    return Plain(key, found.get(WORK_HEAD), found.get(b"x-forwarded-for")) if key is not None else None


class _Never:
    """An event that nobody waits for."""

    def set(self) -> None:
        pass


class Answering:
    """A report on its way, as uvicorn's protocol looks at the request it is busy with."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event: ClassVar[_Never] = _Never()

    def __init__(self) -> None:
        self.disconnected = self.response_complete = False
        self.keep_alive = True


class DoorProtocol(FrontProtocol):
    """Our HTTP protocol, with the short way beside it. One class a node: `make_door`."""

    node: ClassVar[Node]
    _plain: Plain | None = None  # of a report that is being read for the short way
    _parts: list[bytes]

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._plain is not None:  # its body comes in pieces: the usual way waits for them, for a bounded time
            self._plain = None
            self._usually(*self._parts)

    def on_headers_complete(self) -> None:
        if self.url == PATH and self._free() and self.parser.get_method() == b"POST":
            self._plain = plain_head(self.headers)
            if self._plain is not None:
                self._parts = []
                self._end()
                return
        super().on_headers_complete()

    def _usually(self, *parts: bytes) -> None:
        """The usual way, for what has been read up to here."""
        super().on_headers_complete()
        for part in parts:
            super().on_body(part)

    def _free(self) -> bool:
        """Nothing of this connection waits for an answer, and it is kept afterwards."""
        if (self.cycle is not None and not self.cycle.response_complete) or self.flow.write_paused:
            return False
        return bool(self.parser.should_keep_alive()) and self.parser.get_http_version() == "1.1"

    def on_body(self, body: bytes) -> None:
        if self._plain is not None:
            self._parts.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._plain is None:
            super().on_message_complete()
            return
        plain, self._plain = self._plain, None
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        before, busy = self.cycle, cast(Any, Answering())
        self.cycle = busy
        try:
            require(NOBODY, Act.REPORT)
            own_key, report = key_of(plain.key.decode("latin-1")), report_of(body)
            if report.phone is not None or report.name is not None:  # who gives a name is asked about it first
                self.cycle = before
                self._usually(body)
                super().on_message_complete()
                return
            reporter = reporter_of(NOBODY, report)
            entering = Entering(self.node, own_key, report, reporter, self._came(plain))
            answer = entering.put()
        except Exception as error:
            self._answer(busy, _refusal(error))
        else:
            answer.add_done_callback(functools.partial(self._reported, busy, entering))

    def _came(self, plain: Plain) -> Came:
        """As `gateway.http.bearer.address_of` reads it."""
        address = self.client[0] if self.client else ""
        if self.node.settings.trusted_proxy and plain.forwarded is not None:
            address = plain.forwarded.decode("latin-1").rpartition(",")[2].strip()
        return Came(address, plain.work.decode("latin-1") if plain.work is not None else None)

    def _reported(self, busy: Answering, entering: Entering, answer: "asyncio.Future[Answer]") -> None:
        try:
            response = reported(answer.result(), entering.code)
        except (Exception, asyncio.CancelledError) as error:
            response = _refusal(error)
        self._answer(busy, response)

    def _answer(self, busy: Answering, response: Response) -> None:
        busy.response_complete = True
        if busy.disconnected or self.transport.is_closing():
            return
        head = [STATUS_LINE[response.status_code]]
        said = response.raw_headers
        for name, value in (*self.server_state.default_headers, *said, *unless_said(said)):
            head += (name, b": ", value, b"\r\n")
        if not busy.keep_alive:  # the server stops
            head.append(b"connection: close\r\n")
        head += (b"\r\n", bytes(response.body))
        self.transport.write(b"".join(head))
        if not busy.keep_alive:
            self.transport.close()
        self.on_response_complete()


def _refusal(error: BaseException) -> Response:
    """As the handlers of exceptions answer on the usual way."""
    if isinstance(error, Problem):
        tell(error.code, PATH.decode(), None)
        return error.response()
    if isinstance(error, StoreAway):
        log.warning("store away: %s", error)
        return problem(None, "store_away")
    if isinstance(error, StoreBusy):
        return problem(None, "busy")
    log.error("unexpected error in %s", PATH.decode(), exc_info=error)
    return problem(500, "internal")


def make_door(node: Node) -> type[DoorProtocol]:
    """The class for `uvicorn.Config(http=...)`."""
    return type("NodesDoor", (DoorProtocol,), {"node": node})
