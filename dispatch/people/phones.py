"""A reporter's telephone, confirmed by a code, and the vault where the number rests.

Six digits and five tries: a guess succeeds once in 200,000 codes. Every count is a row in PostgreSQL, so that a wiped
Redis opens no tap, and a limit that is reached is a delay, never a lock: nobody is shut out by somebody else's guessing
for longer than an hour. Numbers are sealed before they are written anywhere.

Whoever asks hears the same of every number, as late, whether a message went or the number has had its codes; and no try
tells that others have tried. What is counted by network block is counted under a key that is drawn for the day and
deleted after it.
"""

import asyncio
import hmac
import ipaddress
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID, uuid4

import msgspec

from dispatch import limits
from dispatch.people.carrying import Carrying

DIGITS: Final = 6
SILENT: Final = "silent"
KEY_BYTES: Final = 32
TEXTS: Final = {
    "en": "Your code is {code}. It lasts ten minutes and confirms your number for one day. Tell it to nobody.",
    "zh-CN": "验证码 {code}，用于确认您的手机号（当日报案有效），十分钟内有效。请勿告诉任何人。",
}


class PhoneRefusal(StrEnum):
    """Why not."""

    NOT_OFFERED = "phone_not_offered"
    INVALID = "phone_invalid"
    NOT_SERVED = "phone_not_served"  # a land this service does not write to, or a number that costs
    TOO_MANY_CODES = "too_many_codes"
    USED_UP = "codes_used_up"  # the day's budget of messages
    WRONG = "code_wrong"
    OVER = "code_over"


class Numbers(Protocol):
    """Knows what telephone numbers there are."""

    def read(self, text: str) -> str | PhoneRefusal:
        """The number in E.164, or INVALID or NOT_SERVED."""


class Sealer(Protocol):
    """Keeps the vault's key."""

    def seal(self, plain: str, about: str) -> bytes:
        """`about`: what it is of, the row and the field; told again to open it, so that it opens nowhere else."""

    def open(self, sealed: bytes, about: str) -> str:
        """Raises: ValueError: sealed with another key, about something else, or changed since."""

    def mac(self, purpose: str, text: str) -> bytes:
        """32 bytes, the same for the same text, saying nothing without the key."""


class CodeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is asked for; bytes in hex."""

    id: UUID
    number_mac: str
    block_mac: str
    sealed: str
    code_mac: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who reported, as far as they said. None: without a name, or nobody."""

    number: str | None
    name: str | None


class PhoneStore(Protocol):
    """The truth about codes, and the vault. Raises: StoreAway, StoreBusy."""

    async def code(self, draft: CodeDraft, per_day: int) -> str | None:
        """None: counted and kept. SILENT: kept, and no message may go. Or why not, and nothing is."""

    async def day_key(self, drawn: bytes) -> bytes:
        """Today's (UTC), which is `drawn` where there was none; those of other days are gone."""

    async def tried(self, id_: UUID, code_mac: bytes) -> str | None:
        """None: right. However many at once, no more than `limits.CODE_TRIES_MAX` are looked at."""

    async def confirmed(self, id_: UUID) -> bool: ...

    async def sealed(self, id_: UUID) -> bytes | None:
        """The number of a confirmation, still sealed."""

    async def keep(self, case: UUID, id_: UUID, number: bytes, name: bytes | None) -> None:
        """The number is the case's from now on; harmless to repeat."""

    async def open(self, case: UUID, actor: str, reason: str) -> tuple[bytes | None, bytes | None]:
        """Number and name, sealed. Entered in the audit in the same commit."""


class Phones:
    """One for each process. `per_day`: messages that the operator pays for in a day (UTC)."""

    def __init__(
        self, store: PhoneStore, numbers: Numbers, carrying: Carrying | None, sealer: Sealer | None, *, per_day: int,
        now: Callable[[], float], pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._pause = pause
        self._store, self._numbers, self._carrying, self._sealer = store, numbers, carrying, sealer
        self._per_day, self._now = per_day, now

    @property
    def offered(self) -> bool:
        """Can a number be confirmed here at all?"""
        return self._carrying is not None and self._sealer is not None

    async def ask(self, text: str, language: str, address: str) -> UUID | PhoneRefusal:
        """A code is on its way; what to confirm it under. Counted before it is sent, also where it then cannot be.

        Where the number has had its codes nothing goes, which is answered alike and no sooner (`limits.CODE_ASKED_S`,
        whatever the gateway does): the message leaves when the answer does.
        """
        began = time.monotonic()
        if self._carrying is None or self._sealer is None:
            return PhoneRefusal.NOT_OFFERED
        number = self._numbers.read(text)
        if isinstance(number, PhoneRefusal):
            return number
        code, id_ = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", uuid4()
        draft = CodeDraft(
            id=id_,
            number_mac=self._sealer.mac("number", number).hex(),
            block_mac=hmac.digest(
                await self._store.day_key(secrets.token_bytes(KEY_BYTES)), block_of(address).encode(), "sha256"
            ).hex(),
            sealed=self._sealer.seal(number, f"code|{id_}").hex(),
            code_mac=self._code_mac(id_, code).hex(),
        )
        refused = await self._store.code(draft, self._per_day)
        if refused is not None and refused != SILENT:
            return PhoneRefusal(refused)
        said = TEXTS.get(language, TEXTS["en"]).format(code=code)
        await self._pause(max(0.0, limits.CODE_ASKED_S - (time.monotonic() - began)))
        if refused is None:
            self._carrying.put(number, said, id_)
        return id_

    async def close(self) -> None:
        """What is on its way has a moment to arrive."""
        if self._carrying is not None:
            await self._carrying.close()

    async def confirm(self, id_: UUID, code: str) -> PhoneRefusal | None:
        """None: the number is confirmed, for `limits.CONFIRMED_S`."""
        if self._sealer is None:
            return PhoneRefusal.NOT_OFFERED
        refused = await self._store.tried(id_, self._code_mac(id_, code))
        return PhoneRefusal(refused) if refused is not None else None

    async def confirmed(self, id_: UUID) -> bool:
        return await self._store.confirmed(id_)

    async def keep(self, case: UUID, id_: UUID, name: str | None) -> None:
        """The number, and the name if one was said, rest in the vault as the case's."""
        assert self._sealer is not None, "nothing was confirmed without a key"
        sealed = await self._store.sealed(id_)
        if sealed is not None:
            number = self._sealer.seal(self._sealer.open(sealed, f"code|{id_}"), f"number|{case}")
            await self._store.keep(case, id_, number, self._sealer.seal(name, f"name|{case}") if name else None)

    async def identity(self, case: UUID, actor: str, reason: str) -> Identity:
        """Opened for a reason; entered. Raises: ValueError: sealed with another key, or there is none here."""
        number, name = await self._store.open(case, actor, reason)
        if self._sealer is None:
            if number or name:  # "nobody" would be untrue
                raise ValueError("the vault holds who it was, and this service has no key to it")
            return Identity(number=None, name=None)
        return Identity(
            number=self._sealer.open(number, f"number|{case}") if number else None,
            name=self._sealer.open(name, f"name|{case}") if name else None,
        )

    def _code_mac(self, id_: UUID, code: str) -> bytes:
        assert self._sealer is not None
        return self._sealer.mac(f"code|{id_}", code)


def block_of(address: str) -> str:
    """The network block of an address: /24 of IPv4, /56 of IPv6; what one household or office changes at will."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 56}", strict=False))
