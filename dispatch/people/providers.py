"""Signing in by the house's identity provider (OpenID Connect): who comes from there, and which account that is.

Whoever leaves for the provider carries a sealed errand: what was asked, for which page, until when. Nothing is stored
of a sign-in that was never finished; an errand opens one session once, in the browser that began it. What the provider
says decides who somebody is and nothing else: accounts are never made by it; role, station and suspension are ours.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.people.phones import Sealer
from dispatch.people.ports import Account, Identity, TooManyWaiting
from dispatch.people.values import Role

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderRefusal(StrEnum):
    """Why not."""

    OVER = "oidc_over"  # nothing is under way in this browser: too old, used, begun elsewhere, or another's answer
    REFUSED = "oidc_refused"  # the provider, or the person there, said no
    AWAY = "oidc_away"  # it cannot be reached, or does not answer as it should
    INVALID = "oidc_invalid"  # what came back is no proof
    NOT_LINKED = "oidc_not_linked"  # nobody here belongs to who that is there
    SUSPENDED = "oidc_suspended"
    WRONG_PAGE = "oidc_wrong_page"


class Outsider(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as the provider vouches for them. `login`: what the claim says that the operator named, None without.
    `strong`: shown there in a way that counts as a second factor here."""

    identity: Identity
    login: str | None = None
    strong: bool = False


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What a question to the provider is made of, and its answer is held against. `back`: where the answer goes."""

    state: str
    nonce: str
    verifier: str
    back: str


class Provider(Protocol):
    """An identity provider: authorisation code flow with PKCE, RFC 9207. Every call ends within two OIDC_S_MAX."""

    async def address(self, asking: Asking) -> str | ProviderRefusal:
        """Where the browser goes; AWAY."""

    async def farewell(self, back: str) -> str | None:
        """Where the browser ends its sign-in there (RP-initiated logout), to be led `back`; None where there is no such
        place, or it cannot be asked."""

    async def person(self, asking: Asking, code: str, issuer: str | None) -> Outsider | ProviderRefusal:
        """Who came back with this code; `issuer`: as the answer named it. INVALID, AWAY."""


class LinkStore(Protocol):
    """The truth about who of a provider is which account. Raises: StoreAway, StoreBusy."""

    async def linked(self, identity: Identity) -> tuple[str, Account] | None:
        """Login and account."""

    async def account(self, login: str) -> Account | None: ...

    async def link(self, account: UUID, identity: Identity) -> bool:
        """Kept, with its entry in the audit. False: the account is somebody else there, or the subject here."""

    async def first_use(self, nonce: bytes, lasts_s: int) -> bool:
        """True once."""


class Errand(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sealed note says. `expires`: Unix seconds. `came`: with an answer; `code` None: the provider refused."""

    page: str
    asking: Asking
    expires: int
    came: bool = False
    code: str | None = None
    issuer: str | None = None


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: the provider's address. `note`: the browser keeps it, out of every script's reach."""

    to: str
    note: str
    expires_in_s: int


class Came(NamedTuple):
    """Who came back, as we know them. `strong`: a second factor was shown there."""

    login: str
    account: Account
    identity: Identity
    strong: bool


class Federation:
    """One for each process. `name`: what people call the provider. `issuer`: whose subjects an admin links."""

    def __init__(
        self, provider: Provider, store: LinkStore, sealer: Sealer, *, name: str, issuer: str, now: Callable[[], float]
    ) -> None:
        self.name, self.issuer = name, issuer
        self._provider, self._store, self._sealer, self._now = provider, store, sealer, now
        self._going = 0

    async def begin(self, page: str, back: str) -> Leaving | ProviderRefusal:
        """For a page; `back`: our own address for the answer."""
        asking = Asking(
            state=f"{page}.{secrets.token_urlsafe(32)}", nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48), back=back,
        )  # fmt: skip
        to = await self._provider.address(asking)
        if isinstance(to, ProviderRefusal):
            return to
        expires = int(self._now()) + limits.OIDC_ERRAND_S
        note = self._note(Errand(page=page, asking=asking, expires=expires))
        return Leaving(to=to, note=note, expires_in_s=limits.OIDC_ERRAND_S)

    def came(self, note: str, state: str, code: str | None, issuer: str | None) -> str | None:
        """The errand with its answer, to be finished; None where the answer is none to what this browser asked."""
        errand = self._read(note)
        if errand is None or not hmac.compare_digest(errand.asking.state.encode(), state.encode()):
            return None
        return self._note(msgspec.structs.replace(errand, came=True, code=code, issuer=issuer))

    async def farewell(self, back: str) -> str | None:
        """Where a browser signs out there too; None where that is nowhere."""
        return await self._provider.farewell(back)

    async def finish(self, note: str, page: str, roles: frozenset[Role]) -> Came | ProviderRefusal:
        """Who came back. `roles`: whose page it is.

        Raises: StoreAway, StoreBusy, TooManyWaiting.
        """
        errand = self._read(note)
        if errand is None or not errand.came or errand.page != page:
            return ProviderRefusal.OVER
        once = hashlib.sha256(b"oidc|" + errand.asking.state.encode()).digest()
        if not await self._store.first_use(once, limits.OIDC_ERRAND_S):
            return ProviderRefusal.OVER
        if errand.code is None:
            return ProviderRefusal.REFUSED
        if self._going >= limits.OIDC_AT_ONCE_MAX:
            raise TooManyWaiting
        self._going += 1
        try:
            told = await self._provider.person(errand.asking, errand.code, errand.issuer)
        finally:
            self._going -= 1
        return told if isinstance(told, ProviderRefusal) else await self._account_of(told, roles)

    async def _account_of(self, told: Outsider, roles: frozenset[Role]) -> Came | ProviderRefusal:
        found = await self._store.linked(told.identity)
        linked = found is not None
        if found is None and told.login is not None:
            account = await self._store.account(told.login)
            found = (told.login, account) if account is not None else None
        if found is None:
            return ProviderRefusal.NOT_LINKED
        login, account = found
        if account.suspended:
            return ProviderRefusal.SUSPENDED
        if account.role not in roles:
            return ProviderRefusal.WRONG_PAGE
        if not linked and not await self._store.link(account.id, told.identity):
            return ProviderRefusal.NOT_LINKED
        return Came(login, account, told.identity, told.strong)

    def _note(self, errand: Errand) -> str:
        return base64.urlsafe_b64encode(self._sealer.seal(msgspec.json.encode(errand).decode(), "errand")).decode()

    def _read(self, note: str) -> Errand | None:
        try:
            sealed = base64.b64decode(note.encode("ascii"), altchars=b"-_", validate=True)
            errand = msgspec.json.decode(self._sealer.open(sealed, "errand"), type=Errand)
        except (ValueError, msgspec.DecodeError):
            return None
        return errand if self._now() < errand.expires else None


def safe_address(text: str, *, plain: bool = False) -> bool:
    """Whether secrets may go there: https, or, where `plain` may be, http on this very machine; a host, no sign-in,
    no fragment."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or not text.isascii() or any(one <= " " for one in text):
        return False
    return parts.scheme == "https" or (plain and parts.scheme == "http" and host in LOOPBACK)
