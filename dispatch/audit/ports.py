"""What the witness and the verifier need of a store, and the witness of a place outside it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from dispatch.audit.chains import Act, Chain, Reading
from dispatch.audit.record import Signed
from dispatch.audit.tree import Head


@dataclass(frozen=True, slots=True)
class Person:
    """Who an entry calls by an id: what people know them by, and their account, whose chain it is."""

    account: UUID
    login: str
    call_sign: str | None = None


class Journal(Protocol):
    """Where an entry is made of what is no act on a case. Raises: StoreAway, StoreBusy."""

    async def enter(self, chain: Chain, actor: str, act: str, body: Mapping[str, Any]) -> None:
        """Committed when this returns: whoever shows a record calls it first."""

    async def entries(self, chain: Chain, before: int | None, count: int) -> list[Reading]:
        """The latest `count` of a chain, newest first, those before number `before` where it is given."""

    async def people(self, ids: Sequence[UUID]) -> dict[UUID, Person]:
        """Whom `ids` stand for, be it an account's or an officer's; without those who are nobody here."""


@dataclass(frozen=True, slots=True)
class Now:
    """Of the database: its epoch, Unix seconds, and each stream's last offset."""

    epoch: str
    at: int
    offsets: Mapping[str, int]


class WitnessStore(Protocol):
    """What was committed, in its order. Raises: StoreAway, StoreBusy."""

    async def now(self) -> Now: ...

    async def acts(self, stream: str, after: int, upto: int, count: int) -> list[Act]:
        """Of a stream, in order of offsets, at most `count`."""

    async def moved(self, since: int) -> dict[Chain, Head]:
        """Heads of the chains of `audit` that got an entry since that Unix second; with 0 of all of them."""


class Outside(Protocol):
    """A place that the database's administrator does not write: another disk, another host. One writer at a time."""

    def hold(self) -> bool:
        """True while this process alone may write here; asked again at every turn."""

    def lines(self) -> list[bytes]:
        """Everything written so far, in order. Raises: OSError."""

    def write(self, line: Signed) -> None:
        """Durable when this returns. Raises: OSError."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words kept beside an entry, and the salt of its commitment; None once it was erased."""

    words: str
    salt: bytes | None


Noted = tuple[int | None, int | None, bool]
"""The number of an entry in the town's chain that holds a change's digest, the change's id, and whether they agree.
None: that one is not there."""


class AuditedStore(Protocol):
    """Everything, as one moment saw it, for who verifies."""

    def snapshot(self) -> AbstractAsyncContextManager["Snapshot"]: ...


class Snapshot(Protocol):
    """One moment's rows, streamed: a history need not fit into memory."""

    def by_stream(self) -> AsyncIterator[Act]:
        """All of `events` by stream and offset."""

    def by_case(self) -> AsyncIterator[tuple[Act, Words | None]]:
        """Those of cases by case and number, with the words that an entry holds a commitment of."""

    def readings(self) -> AsyncIterator[Reading]:
        """All of `audit` by chain and number."""

    def changes(self) -> AsyncIterator[Noted]:
        """Every change and every entry of one: entries first, by number; then changes that no entry is of."""

    def ends(self) -> AsyncIterator[tuple[Chain, Head]]:
        """Where each chain ends by its own row (`cases`, `audit_chains`), in the order of chains as text."""
