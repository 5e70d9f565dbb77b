"""The second factor of everybody who works here: a passkey, or codes from an app, or a code from paper.

Between the password and the second factor stands a sealed note that the client carries: whose password was right, until
when, and what was asked. Nothing is stored of a sign-in that was never finished, and a note opens one session once.
"""

import logging
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.people.attempts import Allowance, Attempts
from dispatch.people.phones import Sealer
from dispatch.people.ports import Account, Identity
from dispatch.people.receipts import ALPHABET, normalise

log = logging.getLogger(__name__)

SECOND: Final = Allowance("second", 10, 300)  # six digits, three steps valid: ten tries find one in 33,000
SECOND_DAY: Final = Allowance("second_day", 50, 86_400)  # of an app's codes; paper and passkeys stay open to the owner
REFUSED: Final = Allowance("second_refused", limits.SECOND_REFUSED_H, 3_600)  # entries, not tries
RECOVERY_CODES: Final = 10
RECOVERY_CHARS: Final = 12  # 60 bits
BY_APP, BY_PASSKEY, BY_PAPER = "totp", "passkey", "recovery"


class FactorRefusal(StrEnum):
    """Why not."""

    OVER = "second_over"  # the note is too old, was used, or is none of ours: sign in anew
    WRONG = "second_wrong"
    TOO_MANY = "too_many_attempts"
    FULL = "factors_full"
    KNOWN = "factor_known"
    PASSWORD = "sign_in_refused"  # noqa: S105 - a code of ours, no password
    NOT_FOUND = "not_found"
    LAST = "factor_last"


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor as it is stored. Bytes are empty where they are another kind's."""

    id: UUID
    kind: str
    name: str
    secret: bytes = b""
    credential: bytes = b""
    public_key: bytes = b""
    sign_count: int = 0
    made_us: int = 0
    used_us: int | None = None


class FactorDraft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A factor to keep; bytes in hex."""

    id: UUID
    account: UUID
    actor: str
    kind: str
    name: str
    first: bool = False  # at sign-in: only while the account has none
    secret: str | None = None
    last_step: int = 0
    credential: str | None = None
    public_key: str | None = None
    sign_count: int = 0


class FactorStore(Protocol):
    """The truth about factors. Raises: StoreAway, StoreBusy."""

    async def factors_of(self, account: UUID) -> list[Factor]: ...

    async def keep(self, draft: FactorDraft, recovery: list[bytes]) -> str | None:
        """Kept, or why not. `recovery`: the MACs of new codes on paper, none where the old ones stay."""

    async def step(self, factor: UUID, step: int) -> bool:
        """True once for each step of an app's clock, and never for an earlier one after it."""

    async def signed(self, factor: UUID, count: int) -> bool:
        """False: the passkey's counter went back, so there are two of it."""

    async def recovery_used(self, account: UUID, mac: bytes) -> bool:
        """True once for each code."""

    async def forget(self, account: UUID, factor: UUID, actor: str, *, keep_one: bool) -> str | None:
        """Forgotten and entered, or why not: not_found, or factor_last where one must stay."""

    async def refused(self, account: UUID, kind: str, why: str) -> None:
        """Entered in the audit."""

    async def first_use(self, nonce: bytes, lasts_s: int) -> bool:
        """True once."""


class Apps(Protocol):
    """Time-based codes (RFC 6238): six digits, thirty seconds."""

    def secret(self) -> str: ...

    def uri(self, secret: str, login: str) -> str:
        """What the app's camera reads."""

    def step(self, secret: str, code: str, now: float) -> int | None:
        """The step whose code it is, one before and one after count; None: wrong."""


class Passkeys(Protocol):
    """WebAuthn level 3 ceremonies. Options and credentials are JSON as browsers take and give it."""

    def creation(self, account: UUID, login: str, known: list[bytes]) -> tuple[dict[str, Any], bytes]:
        """Options, and the challenge in them."""

    def made(self, credential: dict[str, Any], challenge: bytes) -> tuple[bytes, bytes, int] | None:
        """Credential id, public key, counter; None: not by our challenge, origin or host, or without its person."""

    def request(self, known: list[bytes]) -> tuple[dict[str, Any], bytes]: ...

    def signed(self, credential: dict[str, Any], challenge: bytes, factor: Factor) -> int | None:
        """The counter; None as in `made`."""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sealed note says. `expires`: Unix seconds. `secret`: of an app that is being added. `seen`: of the
    password that was right (`Account.seen`): another one since ends the note. `renewed`: hash of the one chosen."""

    account: UUID
    login: str
    expires: int
    nonce: bytes
    enrol: bool = False
    entry: bool = False  # made at sign-in: opens a session; one's own notes open none
    secret: str = ""
    challenge: bytes = b""
    seen: bytes = b""
    renewed: str | None = None
    identity: Identity | None = None  # what came in place of the password


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is needed beside the password. `note` comes back with the answer. `kinds`: by which of them; with `enrol`
    none is there yet, and the first code of the app that took `secret` (or `uri`) adds it."""

    note: str
    kinds: list[str]
    expires_in_s: int
    enrol: bool = False
    secret: str | None = None
    uri: str | None = None
    passkey: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One of the three."""

    code: str | None = None
    passkey: dict[str, Any] | None = None
    recovery: str | None = None

    @property
    def kind(self) -> str:
        return BY_PAPER if self.recovery is not None else BY_APP if self.code is not None else BY_PASSKEY


class Factors:
    """One for each process. `required`: nobody who works here signs in by a password alone."""

    def __init__(
        self, store: FactorStore, sealer: Sealer, apps: Apps, passkeys: Passkeys, attempts: Attempts, *,
        required: bool, now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._sealer, self._apps, self._passkeys = store, sealer, apps, passkeys
        self._attempts, self._required, self._now = attempts, required, now

    # --- at sign-in
    async def needed(
        self, account: Account, login: str, renewed: str | None = None, identity: Identity | None = None
    ) -> Asked | None:
        """What a right password still needs; None: nothing. `renewed`: the hash of the one that was chosen with it.
        `identity`: shown in place of the password."""
        known = await self._store.factors_of(account.id)
        first: dict[str, Any] = {"seen": account.seen, "renewed": renewed, "identity": identity}
        if known:
            return self._request(account.id, login, known, **first)
        return self._enrolment(account.id, login, entry=True, **first) if self._required else None

    async def passed(self, text: str, answer: Answer) -> tuple[Note, list[str]] | FactorRefusal:
        """The note whose second factor was shown; codes for paper where the first was added now. What is refused is
        entered in the audit of its account."""
        note = self._read(text)
        if note is None:
            return FactorRefusal.OVER
        passed = await self._passed(note, answer)
        if isinstance(passed, FactorRefusal) and passed in (FactorRefusal.WRONG, FactorRefusal.TOO_MANY):
            await self._enter(note.account, answer, passed)
        return passed

    async def _enter(self, account: UUID, answer: Answer, why: FactorRefusal) -> None:
        if await self._attempts.take((REFUSED, str(account))):
            await self._store.refused(account, answer.kind, str(why))

    async def _passed(self, note: Note, answer: Answer) -> tuple[Note, list[str]] | FactorRefusal:
        counted = [(SECOND, str(note.account)), *([(SECOND_DAY, str(note.account))] if answer.code else [])]
        if not await self._attempts.take(*counted):
            return FactorRefusal.TOO_MANY
        paper: list[str] = []
        if note.enrol and not note.entry:
            return FactorRefusal.OVER
        if note.enrol:
            added = await self._add(note, answer, "App", f"account:{note.account}")
            if isinstance(added, FactorRefusal):
                return added
            paper = added
        elif not await self._shown(note, answer):
            return FactorRefusal.WRONG
        if not await self._store.first_use(note.nonce, limits.SECOND_S):
            return FactorRefusal.OVER
        await self._attempts.give_back(*counted)
        return note, paper

    async def _shown(self, note: Note, answer: Answer) -> bool:
        if answer.recovery is not None:
            mac = self._sealer.mac(f"recovery|{note.account}", normalise(answer.recovery))
            return await self._store.recovery_used(note.account, mac)
        known = await self._store.factors_of(note.account)
        if answer.code is not None:
            for one in known:
                if one.kind == BY_APP:
                    step = self._apps.step(self._opened(one, note.account), answer.code, self._now())
                    if step is not None:
                        return await self._store.step(one.id, step)
            return False
        if answer.passkey is None:
            return False
        for one in known:
            if one.kind == BY_PASSKEY:
                count = self._passkeys.signed(answer.passkey, note.challenge, one)
                if count is not None:
                    return await self._store.signed(one.id, count)
        return False

    def _opened(self, one: Factor, account: UUID) -> str:
        """An app's secret; empty, which no code fits, where it was sealed with another key."""
        try:
            return self._sealer.open(one.secret, _about(account, one.id))
        except ValueError:
            log.error("a second factor is sealed with another key: its owner needs a code from paper")
            return ""

    # --- of one's own
    async def mine(self, account: UUID) -> list[Factor]:
        return await self._store.factors_of(account)

    def add_app(self, account: UUID, login: str) -> Asked:
        return self._enrolment(account, login)

    async def add_passkey(self, account: UUID, login: str) -> Asked:
        known = [one.credential for one in await self._store.factors_of(account) if one.kind == BY_PASSKEY]
        options, challenge = self._passkeys.creation(account, login, known)
        note = self._note(account, login, enrol=True, challenge=challenge)
        return Asked(note=note, kinds=[BY_PASSKEY], expires_in_s=limits.SECOND_S, enrol=True, passkey=options)

    async def keep(self, account: UUID, actor: str, text: str, answer: Answer, name: str) -> list[str] | FactorRefusal:
        """Added; the codes for paper where it is the first, told this once."""
        note = self._read(text)
        if note is None or note.account != account or not note.enrol or note.entry:
            return FactorRefusal.OVER
        if not await self._attempts.take((SECOND, str(account))):
            await self._enter(account, answer, FactorRefusal.TOO_MANY)
            return FactorRefusal.TOO_MANY
        added = await self._add(note, answer, name, actor)
        if isinstance(added, FactorRefusal):
            return added
        if not await self._store.first_use(note.nonce, limits.SECOND_S):
            return FactorRefusal.OVER
        await self._attempts.give_back((SECOND, str(account)))
        return added

    async def forget(self, account: UUID, factor: UUID, actor: str) -> FactorRefusal | None:
        """None: forgotten. The last one stays where one is required: add another first, or ask an admin."""
        refused = await self._store.forget(account, factor, actor, keep_one=self._required)
        return FactorRefusal(refused) if refused is not None else None

    async def _add(self, note: Note, answer: Answer, name: str, actor: str) -> list[str] | FactorRefusal:
        # The note's own number: sent again it is the same factor, and not one more.
        id_ = UUID(bytes=note.nonce)
        draft = FactorDraft(id=id_, account=note.account, actor=actor, kind=BY_APP, name=name, first=note.entry)
        if note.secret and answer.code is not None:
            step = self._apps.step(note.secret, answer.code, self._now())
            if step is None:
                return FactorRefusal.WRONG
            sealed = self._sealer.seal(note.secret, _about(note.account, id_)).hex()
            draft = msgspec.structs.replace(draft, secret=sealed, last_step=step)
        elif note.challenge and answer.passkey is not None:
            made = self._passkeys.made(answer.passkey, note.challenge)
            if made is None:
                return FactorRefusal.WRONG
            draft = msgspec.structs.replace(
                draft, kind=BY_PASSKEY, credential=made[0].hex(), public_key=made[1].hex(), sign_count=made[2]
            )
        else:
            return FactorRefusal.WRONG
        first = not await self._store.factors_of(note.account)
        paper = [_paper() for _ in range(RECOVERY_CODES)] if first else []
        macs = [self._sealer.mac(f"recovery|{note.account}", normalise(code)) for code in paper]
        refused = await self._store.keep(draft, macs)
        return paper if refused is None else FactorRefusal(refused)

    # --- notes
    def _request(self, account: UUID, login: str, known: list[Factor], **first: Any) -> Asked:
        keys = [one.credential for one in known if one.kind == BY_PASSKEY]
        options, challenge = self._passkeys.request(keys) if keys else (None, b"")
        kinds = [*sorted({one.kind for one in known}), BY_PAPER]
        note = self._note(account, login, challenge=challenge, **first)
        return Asked(note=note, kinds=kinds, expires_in_s=limits.SECOND_S, passkey=options)

    def _enrolment(self, account: UUID, login: str, *, entry: bool = False, **first: Any) -> Asked:
        secret = self._apps.secret()
        return Asked(
            note=self._note(account, login, enrol=True, entry=entry, secret=secret, **first), kinds=[BY_APP],
            expires_in_s=limits.SECOND_S,
            enrol=True, secret=secret, uri=self._apps.uri(secret, login),
        )  # fmt: skip

    def _note(self, account: UUID, login: str, **more: Any) -> str:
        expires = int(self._now()) + limits.SECOND_S
        note = Note(account=account, login=login, expires=expires, nonce=secrets.token_bytes(16), **more)
        return self._sealer.seal(msgspec.json.encode(note).decode(), "note").hex()

    def _read(self, text: str) -> Note | None:
        try:
            note = msgspec.json.decode(self._sealer.open(bytes.fromhex(text), "note"), type=Note)
        except (ValueError, msgspec.DecodeError):
            return None
        return note if self._now() < note.expires else None


def _about(account: UUID, factor: UUID) -> str:
    return f"factor|{account}|{factor}"


def _paper() -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_CHARS))
    return "-".join(code[at : at + 4] for at in range(0, RECOVERY_CHARS, 4))
