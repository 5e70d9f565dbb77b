"""What a confirmed number reported before: kept under a keyed name of it, sealed, for TRUST_DAYS, and for nothing else.

Of each number the vault holds which cases were its own, at most TRUST_CASES_MAX, sealed in a text that is always as
long. How they ended is looked up when the number reports again, so an objection, or a hoax that is none after all,
counts from then on. Without the vault's key nobody can say whose history it is, nor which cases belong together; of an
anonymous reporter there is none.
"""

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from dispatch.abuse.trust import trust_of
from dispatch.abuse.values import Trust
from dispatch.cases.values import Disposition
from dispatch.limits import TRUST_CASES_MAX
from dispatch.people.phones import Sealer

log = logging.getLogger(__name__)

PURPOSE: Final = "history"
ID_CHARS: Final = 32
TRIES_MAX: Final = 4  # two reports of one number at once are two writers


class HistoryStore(Protocol):
    """Histories in the vault, and how cases ended. Raises: StoreAway, StoreBusy."""

    async def sealed(self, id_: UUID) -> bytes | None:
        """The number of a confirmation, still sealed."""

    async def history(self, key: bytes) -> bytes | None: ...

    async def replace(self, key: bytes, old: bytes | None, new: bytes) -> bool:
        """True: `old` was what stood there (None: nothing), and `new` stands there now."""

    async def ended(self, cases: Sequence[UUID]) -> dict[UUID, Disposition | None]:
        """How these ended, of those that are no exercise and were reported within TRUST_DAYS."""


class Known(NamedTuple):
    """What is known of who reports. `name`: the same for the same number, saying nothing of it."""

    name: str
    trust: Trust


class Histories:
    """One for each process. `sealer` None: no number is confirmed here."""

    def __init__(self, store: HistoryStore, sealer: Sealer | None) -> None:
        self._store, self._sealer = store, sealer

    async def known(self, phone: UUID) -> Known | None:
        """Of a confirmation; None where it is over. Raises: StoreAway, StoreBusy."""
        key = await self._key(phone)
        if key is None:
            return None
        _, cases = await self._read(key)
        ended = await self._store.ended(cases) if cases else {}
        return Known(key.hex(), trust_of(ended.values()))

    async def remember(self, phone: UUID, case: UUID) -> None:
        """The case is one of this number's; harmless to repeat. Cases that no longer count are dropped.

        Raises: StoreAway, StoreBusy.
        """
        key = await self._key(phone)
        if key is None:
            return
        for _ in range(TRIES_MAX):
            old, cases = await self._read(key)
            if case in cases:
                return
            counting = await self._store.ended(cases) if cases else {}
            kept = [*(one for one in cases if one in counting), case][-TRUST_CASES_MAX:]
            if await self._store.replace(key, old, self._seal(key, kept)):
                return
        log.warning("a case was not added to its number's history: others were added all the time")

    async def _key(self, phone: UUID) -> bytes | None:
        sealed = await self._store.sealed(phone) if self._sealer is not None else None
        if sealed is None or self._sealer is None:
            return None
        return self._sealer.mac(PURPOSE, self._sealer.open(sealed, f"code|{phone}"))

    async def _read(self, key: bytes) -> tuple[bytes | None, list[UUID]]:
        """As it is stored, and what it says: nothing where it was written by nobody who has the key."""
        assert self._sealer is not None
        old = await self._store.history(key)
        try:
            text = self._sealer.open(old, f"{PURPOSE}|{key.hex()}").strip() if old is not None else ""
        except ValueError:
            log.warning("a history in the vault is not as it was sealed, and is begun anew")
            text = ""
        return old, [UUID(text[at : at + ID_CHARS]) for at in range(0, len(text), ID_CHARS)]

    def _seal(self, key: bytes, cases: Sequence[UUID]) -> bytes:
        assert self._sealer is not None
        text = "".join(one.hex for one in cases).ljust(TRUST_CASES_MAX * ID_CHARS)
        return self._sealer.seal(text, f"{PURPOSE}|{key.hex()}")
