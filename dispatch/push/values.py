"""What ringing a phone is about: whom, for what, and what became of it. Plain frozen values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec


class Kind(StrEnum):
    """Why a phone is rung. Room for alarms of desks and supervisors."""

    OFFER = "offer"
    GONE = "gone"  # the offer is over: what it shows may go


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that travels: nothing of what happened, where, or to whom. `category` is a key, not a text.

    A push service is a stranger. It cannot read this, and if it could it would learn of an id and a kind of case.
    """

    kind: Kind
    case: UUID
    category: str = ""
    ends_in_ms: int = 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A phone that may be rung. `p256dh`: 65 bytes, its public key; `auth`: 16 bytes (RFC 8291)."""

    id: UUID
    endpoint: str
    p256dh: bytes
    auth: bytes


class Wanted(NamedTuple):
    """An officer who was asked in a round of a case."""

    case: UUID
    round: int
    officer: UUID


class Taken(NamedTuple):
    """A phone that this process, and no other, is to ring."""

    wanted: Wanted
    subscription: Subscription


class Outcome(StrEnum):
    """What a push service said."""

    SENT = "sent"
    DEAD = "dead"  # 404 or 410: there is no such phone any more
    LATER = "later"  # too much, broken, not reached: worth another try
    REFUSED = "refused"  # anything else: another try would hear the same


class Told(NamedTuple):
    """`status`: of HTTP, 0 where the service was not reached. `retry_after_s`: what it asked for."""

    outcome: Outcome
    status: int = 0
    retry_after_s: float | None = None
