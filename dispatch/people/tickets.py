"""Socket tickets: signed, so that a forged or stale one costs a hash and no question to a database.

Text form: base64url of the MessagePack array, a dot, base64url of its HMAC-SHA256. Good for `limits.TICKET_S`
seconds and for one use; the use itself is counted elsewhere, by the nonce.
"""

import base64
import binascii
import hmac
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from dispatch.people.values import Role

TICKET_CHARS_MAX: Final = 1_024
NONCE_BYTES: Final = 16  # 128 bits


class TicketRefusal(StrEnum):
    """Why a ticket opens nothing."""

    MALFORMED = "ticket_malformed"
    FORGED = "ticket_forged"
    EXPIRED = "ticket_expired"
    ORIGIN = "ticket_origin"  # made for another page
    USED = "ticket_used"
    SESSION_ENDED = "session_ended"  # signed out, expired or suspended since


class Ticket(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """What a ticket says. `expires`: Unix seconds, whole."""

    session: UUID
    role: Role
    officer: UUID | None
    station: str | None
    case: UUID | None
    origin: str
    expires: int
    nonce: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Ticket)


def sign(key: bytes, ticket: Ticket) -> str:
    """The ticket as it travels: letters, digits, `-`, `_` and one dot, so a query needs no escaping."""
    body = _encode(ticket)
    return f"{_text(body)}.{_text(_mac(key, body))}"


def verify(key: bytes, text: str, now_s: float) -> Ticket | TicketRefusal:
    """The ticket if this service signed it and it has not expired at `now_s` (Unix seconds), or why not."""
    if len(text) > TICKET_CHARS_MAX:
        return TicketRefusal.MALFORMED
    head, dot, tail = text.partition(".")
    try:
        body, given = _bytes(head), _bytes(tail)
    except (binascii.Error, ValueError):
        return TicketRefusal.MALFORMED
    if not dot or not body:
        return TicketRefusal.MALFORMED
    if not hmac.compare_digest(_mac(key, body), given):
        return TicketRefusal.FORGED
    try:
        ticket = _decoder.decode(body)
    except msgspec.MsgspecError:  # signed by another version of this service
        return TicketRefusal.MALFORMED
    return ticket if now_s < ticket.expires else TicketRefusal.EXPIRED


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"ticket|" + body, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
