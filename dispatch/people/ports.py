"""What the people room needs from outside, as promises."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from dispatch.cases.ports import StoreAway
from dispatch.people.values import Role, Who

__all__ = [
    "API",
    "Account",
    "Cached",
    "Identity",
    "OpenSession",
    "Opened",
    "Passwords",
    "PeopleStore",
    "SessionCache",
    "SessionDraft",
    "StoreAway",
    "TooManyWaiting",
    "Use",
]

API: Final = "api"  # where a session is held that no page holds in a cookie


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a login. `password`: argon2id in its own encoding."""

    id: UUID
    role: Role
    password: str
    station: str | None
    officer: UUID | None
    call_sign: str | None
    suspended: bool
    made: bool = False  # the password was made by somebody else: good for choosing one's own
    lapsed: bool = False  # ... and so long ago that it is good for nothing any more

    @property
    def seen(self) -> bytes:
        """By which it is known later whether the password is still this one; says nothing of it."""
        return hashlib.sha256(self.password.encode()).digest()


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """One of a person's live sessions. `page`: the kind of page that holds it, or `api` for a bearer token.
    `device`: browser and system, empty where nothing is kept of it."""

    id: UUID
    page: str
    device: str
    opened_at: datetime
    expires_at_s: float


class Identity(NamedTuple):
    """Who somebody is at an identity provider."""

    issuer: str
    subject: str


class SessionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A session to keep of an account. `identity`: opened by it, and not by the password."""

    id: UUID
    token_mac: bytes
    lasts_s: int
    page: str = API
    device: str = ""
    renewed: str | None = None
    identity: Identity | None = None


class Opened(NamedTuple):
    """Until when (Unix seconds, by the store's clock), and the sessions that ended by it, with their tokens' MACs."""

    expires_at_s: float
    ended: Mapping[UUID, bytes]


class TooManyWaiting(Exception):
    """More people are signing in than can be served soon: ask again in a few seconds."""


class Passwords(Protocol):
    """Slow on purpose, off the event loop, few at a time."""

    async def verify(self, password: str, stored: str | None) -> bool:
        """Is it the password of `stored`? None (unknown login) is False after the same work.

        Raises: TooManyWaiting.
        """

    async def hash(self, password: str) -> str:
        """As it is stored. Raises: TooManyWaiting."""


class PeopleStore(Protocol):
    """The truth about accounts and sessions. Every call raises StoreAway, StoreBusy."""

    async def account(self, login: str) -> Account | None:
        """The account of a login, suspended ones too."""

    async def open(self, who: Who, token_mac: bytes, lasts_s: int, page: str = API) -> float:
        """Keeps a new session of a receipt; until when (Unix seconds, by the store's clock)."""

    async def open_for(self, account: Account, draft: SessionDraft) -> "Opened | None":
        """Keeps a new session of an account, and with it whatever it ends: in one commit. None: the account is no
        longer what was read (suspended, moved, another password, a made one that is not renewed; with an identity, no
        longer linked to it), and nothing is kept.

        An officer's other sessions end, so that of any number of sign-ins at once one is left. With `renewed` (argon2id
        in its own encoding) that is the password from now on, entered in the audit, and every other session ends.
        """

    async def sessions_of(self, who: Who, limit: int) -> list[OpenSession]:
        """The live sessions of the same person (of the same case, for a reporter), the latest first."""

    async def by_token(self, token_mac: bytes) -> Who | None:
        """Who the token belongs to, while the session is live: not expired, not revoked, account not suspended."""

    async def by_sessions(self, sessions: Sequence[UUID]) -> dict[UUID, Who]:
        """As `by_token`, by the sessions' ids; only the live ones."""

    async def revoke(self, session: UUID) -> bytes | None:
        """Ends the session for good. The MAC of its token; None when there is no such session."""

    async def revoke_own(self, who: Who, session: UUID | None) -> dict[UUID, bytes]:
        """Ends one session of the same person, or all of them with None; the MACs of their tokens by the sessions' ids.

        Empty when the session is another person's, is over or never was.
        """

    async def proved(self, session: UUID, within_s: int) -> bool:
        """Did the session's person show within so many seconds who they are, at its opening or since?"""

    async def prove(self, session: UUID) -> None:
        """They have shown it just now."""

    async def by_provider(self, session: UUID) -> bool:
        """Was it opened by a sign-in at the identity provider?"""

    async def ended_of(self, sessions: Sequence[UUID]) -> set[UUID]:
        """Those of `sessions` that are no longer live: what a process asks for its open sockets."""

    async def case_of_receipt(self, receipt_mac: bytes) -> tuple[UUID, str] | None:
        """The case of a receipt code, and the station where it stands."""

    async def use_nonces(self, nonces: Sequence[bytes], lasts_s: int) -> set[bytes]:
        """Those of `nonces` that are used for the first time within `lasts_s`."""


class Use(NamedTuple):
    """First use of a ticket? And what the cache knows about its session."""

    first: bool
    cached: "Cached | None"


class Cached(NamedTuple):
    """`who` None: the cache knows that the session ended."""

    who: Who | None


class SessionCache(Protocol):
    """Answers fast or not at all. Nothing here raises: None (or False) means "ask the store".

    What says that a session ended is never overwritten by a reader who looked earlier (DECISIONS D13).
    """

    async def by_token(self, token_mac: bytes) -> Cached | None: ...

    async def keep(self, token_mac: bytes, who: Who) -> None:
        """Remembers for a few seconds, unless something is remembered already."""

    async def ended(self, sessions: Mapping[UUID, bytes | None]) -> None:
        """The sessions (with the MACs of their tokens, where known) are over: said to every process that asks."""

    async def use(self, tickets: Sequence[tuple[bytes, UUID]], lasts_s: int) -> list[Use] | None:
        """Counts the one use of each ticket (nonce, session) and looks its session up, all in one round trip."""

    async def take(self, bucket: str, limit: int, per_s: int) -> bool | None:
        """One more of `bucket` in the present stretch of `per_s`: is it within the limit? None: cannot say."""

    async def give_back(self, bucket: str, per_s: int) -> None:
        """It did not count after all."""
