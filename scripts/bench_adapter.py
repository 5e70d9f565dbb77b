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


def officer_id(oid):
    """The yardstick's officer 0 to 9,999 as this service's officer."""
    return uuid.UUID(int=(0xB << 124) | oid)


def session_id(oid):
    return uuid.UUID(int=(0x5 << 124) | oid)


def _text(value):
    raw = value.encode()
    return (bytes((0xA0 | len(raw),)) if len(raw) < 32 else bytes((0xD9, len(raw)))) + raw


def ticket(oid):
    """A ticket as dispatch.people.tickets makes them: MessagePack, then HMAC-SHA-256."""
    body = (
        b"\x98" + _text(str(session_id(oid))) + _text("officer") + _text(str(officer_id(oid))) + _text("bench") + b"\xc0"
        + _text(ORIGIN) + b"\xce" + struct.pack(">I", int(time.time()) + TICKET_S) + b"\xc4\x10" + os.urandom(16)
    )  # fmt: skip
    mac = hmac.digest(TICKET_KEY, b"ticket|" + body, hashlib.sha256)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (body, mac))


class Adapter(Base):
    resume = True
    claimed_sql = "select count(*) from assignments where active"

    def __init__(self):
        self.places = {}  # officer -> (token, offsets) of the last welcome: what a phone keeps on its disk

    def ws_request(self, oid, lat, lon):
        return "/v1/socket?ticket=" + ticket(oid), b"Origin: " + ORIGIN.encode() + b"\r\n"

    def hello(self, oid, lat, lon):
        hello = {"t": "hello", "v": 1}
        if oid in self.places:
            hello["token"], hello["at"] = self.places[oid]
        return json.dumps(hello).encode(), self.pos(oid, lat, lon)

    def pos(self, oid, lat, lon):
        return b'{"t":"fix","lat":%.6f,"lon":%.6f}' % (lat, lon)

    def claim(self, oid, case):
        return b'{"t":"claim","case":"%s","round":1,"key":"%s"}' % (case, case)

    def parse(self, p):
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

    def case_request(self, ref, lat, lon):
        body = {"category": "bench", "words": f"ref {ref} {DESC}", "lat": lat, "lon": lon}
        return "/v1/reports", "application/json", json.dumps(body).encode()

    def case_headers(self):
        return b"Idempotency-Key: %s\r\n" % os.urandom(16).hex().encode()

    def stats_request(self):
        return "/bench/fixes"

    def fixes(self, body):
        return json.loads(body)["fixes"]
