"""What ringing needs from outside, as promises."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from dispatch.people.values import Who
from dispatch.push.values import Subscription, Taken, Told, Wanted


class PushStore(Protocol):
    """Who may be rung, and what was. Every call raises StoreAway, StoreBusy."""

    async def keep(self, who: Who, endpoint: str, p256dh: bytes, auth: bytes) -> UUID:
        """The phone is rung for this account while this session lives; known before, it moves to it.

        At most PUSH_SUBSCRIPTIONS_MAX of an account: the oldest goes.
        """

    async def drop(self, subscription: UUID, account: UUID | None = None) -> None:
        """Never rung again. With `account`: only where it is that account's."""

    async def ringable(self) -> frozenset[UUID]:
        """Officers with a phone that may be rung."""

    async def take(self, wanted: Sequence[Wanted]) -> list[Taken]:
        """Phones of these officers that nobody rang for that round, now this caller's to ring: each at most once in
        PUSH_CLAIM_S, whatever number of processes ask.

        None whose session has ended, whose account is suspended or whose officer is off duty.
        """

    async def sent(self, rung: Sequence[Taken]) -> None:
        """These need no more ringing."""

    async def prune(self) -> int:
        """Forgets old rings and phones whose session is over, a bounded number; how many rows."""


class PushSender(Protocol):
    """The way to a push service."""

    async def send(self, to: Subscription, body: bytes, *, ttl_s: int, topic: str) -> Told:
        """`body` encrypted for that phone alone (RFC 8291), signed by this service (RFC 8292), urgent.

        `ttl_s`: seconds the push service keeps it for a phone that it does not reach. `topic`: a later one of the
        same topic takes its place there. Waits PUSH_S_MAX at most, follows no redirect, and reaches no address that
        is not public, save where the operator named its origin. Never raises for what a service does.
        """
