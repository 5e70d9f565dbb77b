"""The opening handshake (RFC 6455, 4.2): the request as uvicorn replays it, and the answers in HTTP.

Extensions are never offered back, so no socket carries a compressor and no compressed bomb can come. Of subprotocols
ours alone is: beside it a page names its ticket, since its script can set no other header and addresses are logged.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from dispatch import limits
from gateway.sockets.link import Handshake, Refused

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_ONCE: Final = ("host", "origin", "upgrade", "sec-websocket-key", "sec-websocket-version", "authorization")
SUBPROTOCOL: Final = "onbeat.1"
_OURS: Final = f"\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}".encode()
_PROBLEM: Final = ("content-type", "application/problem+json")


@dataclass(frozen=True, slots=True)
class Opening:
    """A request that may become a socket, and the answer that makes it one."""

    handshake: Handshake
    accepted: bytes


def problem(status: HTTPStatus, code: str, detail: str, *more: tuple[str, str]) -> Refused:
    """A refusal whose body is an RFC 9457 problem; `more` are further headers."""
    body = {"type": f"/docs#problem-{code}", "title": status.phrase, "status": status, "detail": detail, "code": code}
    return Refused(status, json.dumps(body, separators=(",", ":")).encode(), (_PROBLEM, *more))


def read_request(head: bytes, peer: str) -> Opening | Refused:
    """The handshake in a request's head, or the problem that answers it.

    `head`: one whole request as uvicorn's HTTP protocol replays it (CRLF lines, no body).
    """
    if len(head) > limits.HEAD_BYTES_MAX:
        return problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The request's head is too large.")
    line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, _, target = line.removesuffix(" HTTP/1.1").partition(" ")
    headers: dict[str, str] = {}
    for field in fields:
        name, _, value = field.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if name not in headers:
            headers[name] = value
        elif name in _ONCE:
            return _bad(f"More than one {name} header.")
        else:
            headers[name] += ", " + value
    if method != "GET":
        return problem(
            HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "A socket opens with GET.", ("allow", "GET")
        )
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        return _bad("A request for a socket has no body.")
    if headers.get("sec-websocket-version") != "13":
        version = ("sec-websocket-version", "13")
        return problem(HTTPStatus.UPGRADE_REQUIRED, "socket_version", "Only WebSocket version 13 is spoken.", version)
    key = headers.get("sec-websocket-key", "")
    if not _is_key(key):
        return _bad("Sec-WebSocket-Key must be 16 bytes in base64.")
    path, _, query = target.partition("?")
    return Opening(Handshake(path, query, headers, peer), _accepted(key, SUBPROTOCOL in subprotocols(headers)))


def subprotocols(headers: Mapping[str, str]) -> list[str]:
    """What the peer names of them."""
    return [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]


def render(refused: Refused, guard: Sequence[tuple[str, str]] = ()) -> bytes:
    """The refusal as an HTTP response after which the connection closes. `guard`: headers of every answer."""
    phrase = HTTPStatus(refused.status).phrase if refused.status in set(HTTPStatus) else ""
    said = {name for name, _ in refused.headers}
    fields = [
        *refused.headers,
        *(one for one in guard if one[0] not in said),
        ("content-length", str(len(refused.body))),
        ("connection", "close"),
    ]
    lines = [f"HTTP/1.1 {refused.status} {phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + refused.body


def _bad(detail: str) -> Refused:
    return problem(HTTPStatus.BAD_REQUEST, "bad_handshake", detail)


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _accepted(key: str, ours: bool) -> bytes:
    # SHA-1 is the handshake's own echo (RFC 6455, 4.2.2), not a secret's keeper.
    echo = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + echo + (_OURS if ours else b"") + b"\r\n\r\n"
    )
