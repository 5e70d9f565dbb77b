"""The border between a socket's protocol and what speaks over it: prepared frames out, whole texts in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol


class Close(IntEnum):
    """Close codes. 1000-1999 are the RFC's; 4000-4099: come back and resume; 4400-4499: do not come back as you are."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED = 1003
    INVALID_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012  # come back after a random delay
    SLOW = 4000  # unsent bytes over the bound: come back and resume
    STALLED = 4001
    SILENT = 4002
    LOST_PLACE = 4003  # continuity cannot be proved any more: come back and resume
    HELLO_MISSING = 4400
    VERSION = 4401
    REVOKED = 4402  # sign in again
    TOO_MANY_REFUSED = 4403
    REPLACED = 4404  # the same person opened another socket


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the opening request carried. `path` without the query, header names in lower case."""

    path: str
    query: str
    headers: Mapping[str, str]
    peer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The handshake is answered by HTTP: an RFC 9457 problem, with Retry-After where coming back makes sense."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=(("content-type", "application/problem+json"),))


class Link(Protocol):
    """One open socket, as its session sees it. Nothing here ever waits."""

    def write(self, frame: bytes) -> None:
        """Writes a prepared frame; when more than OUTBOX_BYTES_MAX would stay unsent, closes with SLOW instead."""

    def write_soon(self, frame: bytes) -> None:
        """As `write`, but joins whatever is written next, at the latest when this turn of the loop and what it set
        going are over: two frames for the price of one."""

    def close(self, code: Close, reason: str = "") -> None:
        """Sends a close frame once; later writes go nowhere."""

    @property
    def unsent(self) -> int:
        """Bytes written but not yet taken by the kernel."""


class Session(Protocol):
    """What speaks over a link. Called from the protocol, synchronously, in the order of arrival."""

    def opened(self, link: Link) -> None: ...

    def received(self, text: bytes) -> None: ...

    def closed(self, code: int) -> None: ...


class Gate(Protocol):
    """Admits handshakes."""

    async def admit(self, handshake: Handshake) -> Session | Refused:
        """A session for this request, or why not. Cheap checks first; bounded in time."""


def text_frame(payload: bytes) -> bytes:
    """An unmasked, unfragmented text frame (RFC 6455, 5.2): prepared once, written to any number of sockets."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
