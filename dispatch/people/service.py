"""Signing in: by password, by receipt code, by ticket; and who a token belongs to.

PostgreSQL holds the truth, the cache only saves asking it. With the cache away everything works and nobody is
signed out; with the store away, sessions that the cache still knows go on for a few seconds, and the rest hear
StoreAway.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from dispatch import limits
from dispatch.allowance import Allowance
from dispatch.batching import Batch
from dispatch.people import receipts, tickets
from dispatch.people.attempts import ADDRESS, LOGIN, LOGIN_AND_ADDRESS, PROVIDER, RECEIPT, Attempts
from dispatch.people.choosing import Choosing
from dispatch.people.factors import Answer, Asked, FactorRefusal, Factors
from dispatch.people.ports import (
    API,
    Account,
    Identity,
    OpenSession,
    Passwords,
    PeopleStore,
    SessionCache,
    SessionDraft,
    Use,
)
from dispatch.people.providers import Federation, ProviderRefusal
from dispatch.people.tickets import Ticket, TicketRefusal
from dispatch.people.values import Role, Who

log = logging.getLogger("onbeat.refused")

TOKEN_CHARS: Final = 43  # 256 random bits


class SignInRefusal(StrEnum):
    """Why not. Wrong login, wrong password and suspended account are one answer: nothing to enumerate."""

    WRONG = "sign_in_refused"
    TOO_MANY = "too_many_attempts"
    MADE = "password_made"  # told to who knows it: made by somebody else, it opens only the choice of one's own
    LAPSED = "password_lapsed"  # made by somebody else too long ago
    WEAK = "password_weak"
    COMMON = "password_common"
    OF_THE_HOUSE = "password_of_the_house"
    NOT_MINE = "password_wrong"
    PROOF = "proof_needed"  # whoever holds a session alone does not sign its person out elsewhere
    CODE_MALFORMED = "receipt_malformed"  # its check character or length is wrong: mistyped
    CODE_UNKNOWN = "receipt_unknown"


class SignIn:
    """One for each process. `now`: Unix seconds that all processes agree on, whatever clock their hosts keep."""

    def __init__(
        self,
        store: PeopleStore,
        cache: SessionCache,
        passwords: Passwords,
        *,
        pepper: bytes,
        ticket_key: bytes,
        now: Callable[[], float],
        factors: Callable[[Attempts], Factors] | None = None,
        federation: Federation | None = None,
        choosing: Choosing | None = None,
        reads_per_min: float = limits.READS_PER_MIN_MAX,
    ) -> None:
        """`factors`: made over the counted attempts of sign-in; without it a password alone signs in. `federation`:
        sign-in by the house's identity provider, where there is one. `choosing`: which passwords may be chosen; without
        it nobody chooses one. `reads_per_min`: of one person, 0 for no end."""
        self._store = store
        self._cache = cache
        self._pepper = pepper
        self._ticket_key = ticket_key
        self._passwords = passwords
        self._now = now
        self._uses: Batch[Ticket, Who | TicketRefusal] = Batch(self._use, lanes=2)
        self._attempts = Attempts(cache, hashlib.sha256(b"attempts|" + ticket_key).digest(), now)
        self.factors = factors(self._attempts) if factors is not None else None
        self.federation = federation
        self._choosing = choosing
        self._reads = Allowance(reads_per_min, reads_per_min / 60) if reads_per_min else None

    async def sign_in(
        self,
        login: str,
        password: str,
        address: str = "",
        *,
        page: str = API,
        device: str = "",
        chosen: str | None = None,
    ) -> tuple[str, Who] | SignInRefusal | Asked:
        """A new session for a right password; its token is told once. `page`, `device`: for the person's own list.
        Asked: the password was right and a second factor is needed. `chosen`: the password from the session's opening
        on; whatever the old one opened ends.

        Raises: StoreAway, TooManyWaiting.
        """
        counted = (
            (LOGIN_AND_ADDRESS, f"{login.casefold()}|{address}"), (LOGIN, login.casefold()), (ADDRESS, address),
        )  # fmt: skip
        if not await self._attempts.take(*counted):
            return SignInRefusal.TOO_MANY
        account = await self._store.account(login)
        right = await self._passwords.verify(password, account.password if account else None)
        if account is None or not right or account.suspended:
            why = "unknown login" if account is None else "wrong password" if not right else "suspended"
            log.warning("sign_in_refused: %s, by %s", why, f"{account.role}:{account.id}" if account else "nobody")
            return SignInRefusal.WRONG
        await self._attempts.give_back(*counted)
        if account.made and account.lapsed:
            return SignInRefusal.LAPSED
        if account.made and chosen is None:
            return SignInRefusal.MADE
        if chosen is not None and (poor := self._poor(chosen, login, password, account)):
            return poor
        renewed = await self._passwords.hash(chosen) if chosen is not None else None
        asked = await self.factors.needed(account, login, renewed) if self.factors is not None else None
        return asked if asked is not None else await self._signed_in(account, page, device, renewed)

    async def second(
        self, note: str, answer: Answer, *, page: str = API, device: str = ""
    ) -> tuple[str, Who, list[str]] | FactorRefusal | SignInRefusal:
        """A new session for the note of a right password and its second factor; codes for paper where it was the first.

        Raises: StoreAway.
        """
        if self.factors is None:
            return FactorRefusal.OVER
        passed = await self.factors.passed(note, answer)
        if isinstance(passed, FactorRefusal):
            return passed
        shown, paper = passed
        account = await self._store.account(shown.login)
        if account is None or account.id != shown.account or account.suspended or account.seen != shown.seen:
            return SignInRefusal.WRONG
        told = await self._signed_in(account, page, device, shown.renewed, shown.identity)
        return told if isinstance(told, SignInRefusal) else (*told, paper)

    async def from_provider(
        self, federation: Federation, note: str, roles: frozenset[Role], address: str, *, page: str, device: str = ""
    ) -> tuple[str, Who] | Asked | ProviderRefusal | SignInRefusal:
        """A new session for who came back from the identity provider, on a page of `roles`. Asked: what was shown there
        is no second factor, and one is needed.

        Raises: StoreAway, TooManyWaiting.
        """
        if not await self._attempts.take((PROVIDER, address)):
            return SignInRefusal.TOO_MANY
        came = await federation.finish(note, page, roles)
        if isinstance(came, ProviderRefusal):
            return came
        await self._attempts.give_back((PROVIDER, address))
        if self.factors is not None and not came.strong:
            asked = await self.factors.needed(came.account, came.login, identity=came.identity)
            if asked is not None:
                return asked
        return await self._signed_in(came.account, page, device, None, came.identity)

    async def prove(self, who: Who, login: str, password: str) -> SignInRefusal | None:
        """They show once more who they are: for SESSION_PROOF_S this session may end the others.

        Raises: StoreAway, TooManyWaiting.
        """
        if not await self.confirms(who, login, password):
            return SignInRefusal.NOT_MINE
        await self._store.prove(who.session)
        return None

    async def farewell(self, who: Who, back: str) -> str | None:
        """Where a browser signs out at the identity provider too, which leads it `back` to our page; None for who did
        not come from there, or where it has no such place. Raises: StoreAway."""
        if self.federation is None or not await self._store.by_provider(who.session):
            return None
        return await self.federation.farewell(back)

    async def confirms(self, who: Who, login: str, password: str) -> bool:
        """Is it this person's own password? Asked again before a factor is added or forgotten; counted like a sign-in.

        Raises: StoreAway, TooManyWaiting.
        """
        return await self._own(who, login, password) is not None

    async def choose(
        self, who: Who, login: str, password: str, chosen: str, *, page: str = API, device: str = ""
    ) -> tuple[str, Who] | SignInRefusal:
        """Another password for who shows the present one again. Every session ends, and this one is a new one.

        Raises: StoreAway, TooManyWaiting.
        """
        account = await self._own(who, login, password)
        if account is None:
            return SignInRefusal.NOT_MINE
        if poor := self._poor(chosen, login, password, account):
            return poor
        told = await self._signed_in(account, page, device, await self._passwords.hash(chosen))
        return SignInRefusal.NOT_MINE if isinstance(told, SignInRefusal) else told

    async def _own(self, who: Who, login: str, password: str) -> Account | None:
        counted = ((LOGIN, login.casefold()),)
        if not await self._attempts.take(*counted):
            return None
        account = await self._store.account(login)
        mine = account is not None and account.id == who.account and not account.suspended
        right = await self._passwords.verify(password, account.password if account is not None and mine else None)
        if right:
            await self._attempts.give_back(*counted)
        return account if right else None

    def _poor(self, chosen: str, login: str, old: str, account: Account) -> SignInRefusal | None:
        if self._choosing is None:
            return SignInRefusal.WEAK
        poor = self._choosing.poor(chosen, login, old, account)
        return SignInRefusal(str(poor)) if poor is not None else None

    async def _signed_in(
        self, account: Account, page: str, device: str, renewed: str | None, identity: Identity | None = None
    ) -> tuple[str, Who] | SignInRefusal:
        token = secrets.token_urlsafe(32)
        draft = SessionDraft(
            id=uuid4(), token_mac=mac_of(token), lasts_s=limits.SESSION_S, page=page, device=device, renewed=renewed,
            identity=identity,
        )  # fmt: skip
        opened = await self._store.open_for(account, draft)
        if opened is None:  # suspended, moved or given another password in this very moment
            return SignInRefusal.WRONG
        await self._cache.ended(opened.ended)
        who = Who(
            draft.id, account.role, account.id, account.officer, account.station, call_sign=account.call_sign,
            expires_at_s=opened.expires_at_s,
        )  # fmt: skip
        await self._cache.keep(draft.token_mac, who)
        return token, who

    async def open_receipt(self, code: str, address: str = "", *, page: str = API) -> tuple[str, Who] | SignInRefusal:
        """A reporter's session for the one case of this code; nothing is kept of the device. Raises: StoreAway."""
        if not receipts.valid_check(code):
            return SignInRefusal.CODE_MALFORMED  # costs nothing, tells nothing: anybody can compute it
        if not await self._attempts.take((RECEIPT, address)):
            return SignInRefusal.TOO_MANY
        found = await self._store.case_of_receipt(receipts.mac(self._pepper, code))
        if found is None:
            return SignInRefusal.CODE_UNKNOWN
        await self._attempts.give_back((RECEIPT, address))
        case, station = found
        return await self._open(Who(uuid4(), Role.REPORTER, station=station, case=case), limits.RECEIPT_SESSION_S, page)

    async def who(self, token: str) -> Who | None:
        """Whose token it is, while the session lives. Raises: StoreAway."""
        if len(token) != TOKEN_CHARS or not token.isascii():
            return None
        token_mac = mac_of(token)
        cached = await self._cache.by_token(token_mac)
        if cached is not None:
            return self._live(cached.who)
        who = await self._store.by_token(token_mac)
        if who is not None:
            await self._cache.keep(token_mac, who)
        return self._live(who)

    def may_read(self, who: Who) -> bool:
        """Once more, of who is signed in: whoever copies what they may see is slowed down to what people read."""
        if self._reads is None:
            return True
        if len(self._reads) >= limits.READERS_MAX:
            self._reads.forget(self._now())
        return self._reads.allowed(who.name, self._now())

    async def sign_out(self, who: Who) -> None:
        """Ends the session: its token and its tickets open nothing any more. Raises: StoreAway."""
        token_mac = await self._store.revoke(who.session)
        await self._cache.ended({who.session: token_mac})

    async def sessions_of(self, who: Who) -> list[OpenSession]:
        """The person's live sessions, this one among them, the latest first. Raises: StoreAway."""
        return await self._store.sessions_of(who, limits.SESSIONS_SHOWN_MAX)

    async def end_own(self, who: Who, session: UUID | None) -> int | SignInRefusal:
        """Ends one of the person's sessions, or all with None; how many that were. PROOF: another one than this, and
        who they are was shown too long ago. Raises: StoreAway."""
        if session != who.session and not await self._store.proved(who.session, limits.SESSION_PROOF_S):
            return SignInRefusal.PROOF
        ended = await self._store.revoke_own(who, session)
        await self._cache.ended(ended)
        return len(ended)

    async def mark_ended(self, sessions: Mapping[UUID, bytes | None]) -> None:
        """Says to every process what one has read in the store: these sessions are over, whatever the cache holds."""
        await self._cache.ended(sessions)

    def csrf_of(self, who: Who) -> str:
        """The word that a page sends with whatever changes something: bound to the session, worth nothing without it.

        128 bits of an HMAC: no other site can read or guess it, and it dies with the session.
        """
        return hmac.digest(self._ticket_key, b"csrf|" + who.session.bytes, "sha256")[:16].hex()

    def is_csrf_of(self, who: Who, word: str) -> bool:
        """Whether the word belongs to this very session; in constant time."""
        return hmac.compare_digest(self.csrf_of(who).encode(), word.encode())

    async def ended_of(self, sessions: list[UUID]) -> set[UUID]:
        """Those of `sessions` that are over: asked twice a second for open sockets (D17). Raises: StoreAway."""
        return await self._store.ended_of(sessions) if sessions else set()

    def issue_ticket(self, who: Who, origin: str) -> str:
        """Opens one socket from a page of `origin` within `limits.TICKET_S`, once."""
        return tickets.sign(
            self._ticket_key,
            Ticket(
                session=who.session,
                role=who.role,
                officer=who.officer,
                station=who.station,
                case=who.case,
                origin=origin,
                expires=int(self._now()) + limits.TICKET_S,
                nonce=secrets.token_bytes(tickets.NONCE_BYTES),
            ),
        )

    async def use_ticket(self, text: str, origin: str) -> Who | TicketRefusal:
        """Who may open this socket. Signature, time and origin first: they cost no question to anybody.

        Raises: StoreAway (nothing was used up where that is raised before the nonce was counted).
        """
        ticket = tickets.verify(self._ticket_key, text, self._now())
        if isinstance(ticket, TicketRefusal):
            return ticket
        if ticket.origin != origin:
            return TicketRefusal.ORIGIN
        return await self._uses.submit(ticket)

    async def _use(self, together: Sequence[Ticket]) -> list[Who | TicketRefusal]:
        """Tickets that arrived together, in one question to the cache and at most one for sessions to the store."""
        # Remembered for longer than it is valid, so that no clock's drift opens a second use.
        lasts_s = 2 * limits.TICKET_S
        uses = await self._cache.use([(t.nonce, t.session) for t in together], lasts_s)
        if uses is None:
            first = await self._store.use_nonces([t.nonce for t in together], lasts_s)
            uses = [Use(t.nonce in first, None) for t in together]
        unknown = {t.session for t, use in zip(together, uses, strict=True) if use.first and use.cached is None}
        found = await self._store.by_sessions(list(unknown)) if unknown else {}
        told: list[Who | TicketRefusal] = []
        for ticket, use in zip(together, uses, strict=True):
            who = use.cached.who if use.cached else found.get(ticket.session)
            told.append((self._live(who) or TicketRefusal.SESSION_ENDED) if use.first else TicketRefusal.USED)
        return told

    async def _open(self, who: Who, lasts_s: int, page: str) -> tuple[str, Who]:
        token = secrets.token_urlsafe(32)
        expires_at_s = await self._store.open(who, mac_of(token), lasts_s, page)
        opened = Who(
            who.session, who.role, who.account, who.officer, who.station, who.case, who.call_sign, expires_at_s
        )
        await self._cache.keep(mac_of(token), opened)
        return token, opened

    def left_s(self, who: Who) -> int:
        """Whole seconds until the session ends, 0 after. Raises: StoreAway."""
        return self.seconds_to(who.expires_at_s)

    def seconds_to(self, expires_at_s: float) -> int:
        """Whole seconds until then, 0 after."""
        return max(0, int(expires_at_s - self._now()))

    def _live(self, who: Who | None) -> Who | None:
        return who if who is not None and self._now() < who.expires_at_s else None


def mac_of(token: str) -> bytes:
    """What is stored of a token: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
