"""How the yardstick's driver speaks to this service: the public protocol, nothing else.

Imports the standard library and the driver's own `adapters.base` only. It signs each officer's ticket with the
bench's own key, which `scripts/bench_server` alone knows beside it, and sends Origin itself.
"""

import base64
import hashlib
import hmac
import json
import os
import struct
import time
import uuid

from adapters.base import ASSIGNED, NONE, OFFER, READY, TAKEN
from adapters.base import Adapter as Base

TICKET_KEY = b"ticket-key-of-the-yardstick-and-of-nothing-else"
ORIGIN = "http://bench.invalid"
DESC = "Loud quarrel between neighbours on the second floor, nobody hurt, the caller waits at the gate."
TICKET_S = 25


def officer_id(oid: int) -> uuid.UUID:
    """The yardstick's officer 0 to 9,999 as this service's officer."""
    return uuid.UUID(int=(0xB << 124) | oid)


def session_id(oid: int) -> uuid.UUID:
    return uuid.UUID(int=(0x5 << 124) | oid)


def _text(value: str) -> bytes:
    raw = value.encode()
    return (bytes((0xA0 | len(raw),)) if len(raw) < 32 else bytes((0xD9, len(raw)))) + raw


def ticket(oid: int) -> str:
    """A ticket as dispatch.people.tickets makes them: MessagePack, then HMAC-SHA-256."""
    words = (str(session_id(oid)), "officer", str(officer_id(oid)), "bench")
    expires = struct.pack(">I", int(time.time()) + TICKET_S)
    body = b"\x98" + b"".join(map(_text, words)) + b"\xc0" + _text(ORIGIN)
    body += b"\xce" + expires + b"\xc4\x10" + os.urandom(16)
    mac = hmac.digest(TICKET_KEY, b"ticket|" + body, hashlib.sha256)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (body, mac))


class Adapter(Base):  # type: ignore[misc]  # the driver's, untyped
    resume = True
    claimed_sql = "select count(*) from assignments where active"

    def __init__(self) -> None:
        self.places: dict[
            int, tuple[str, dict[str, int]]
        ] = {}  # officer -> (token, offsets) of the last welcome: what a phone keeps on its disk

    def ws_request(self, oid: int, lat: float, lon: float) -> tuple[str, bytes]:
        return "/v1/socket?ticket=" + ticket(oid), b"Origin: " + ORIGIN.encode() + b"\r\n"

    def hello(self, oid: int, lat: float, lon: float) -> tuple[bytes, ...]:
        hello: dict[str, object] = {"t": "hello", "v": 1}
        if oid in self.places:
            hello["token"], hello["at"] = self.places[oid]
        return json.dumps(hello).encode(), self.pos(oid, lat, lon)

    def pos(self, oid: int, lat: float, lon: float) -> bytes:
        return b'{"t":"fix","lat":%.6f,"lon":%.6f}' % (lat, lon)

    def claim(self, oid: int, case: bytes) -> bytes:
        return b'{"t":"claim","case":"%s","round":1,"key":"%s"}' % (case, case)

    def parse(self, p: bytes) -> tuple[int, bytes | None, int | None]:
        kind = p[6:10]
        if kind == b"offe":
            i = p.index(b'"case":"') + 8
            j = p.index(b'"words":"ref ') + 13
            return OFFER, p[i : i + 36], int(p[j : p.index(b" ", j)])
        if kind == b"gone":
            i = p.index(b'"case":"') + 8
            return TAKEN, p[i : i + 36], None
        if kind == b"resu":
            i = p.find(b'"case":"') + 8
            if i < 8:
                return NONE, None, None
            return (ASSIGNED if b'"ok":true' in p else TAKEN), p[i : i + 36], None
        if kind == b"welc":
            welcome = json.loads(p)
            self.places[uuid.UUID(welcome["officer"]).int & 0xFFFFFFFF] = welcome["token"], welcome["at"]
            return READY, None, None
        return NONE, None, None

    def case_request(self, ref: int, lat: float, lon: float) -> tuple[str, str, bytes]:
        body = {"category": "bench", "words": f"ref {ref} {DESC}", "lat": lat, "lon": lon}
        return "/v1/reports", "application/json", json.dumps(body).encode()

    def case_headers(self) -> bytes:
        return b"Idempotency-Key: %s\r\n" % os.urandom(16).hex().encode()

    def stats_request(self) -> str:
        return "/bench/fixes"

    def fixes(self, body: bytes) -> int:
        return int(json.loads(body)["fixes"])
