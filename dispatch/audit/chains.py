"""How the links of a chain are reckoned: the same bytes as the judge hashes in SQL, from what is stored."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

Chain = NewType("Chain", str)
"""`case:ID` for the acts on a case, `read:ID` for its readers, `account:ID`, `station:ID`, `town`."""

CASE: Final = "case:"
TOWN: Final = "town"
EVERY_STATION: Final = "*"
"""Of who follows all of them, a supervisor."""


@dataclass(frozen=True, slots=True)
class Act:
    """One row of `events`. `at_us`: microseconds since 1970, UTC. `body`: as PostgreSQL prints jsonb.

    Entries that belong to no case (`case` None) have neither number nor hash; their stream's digest covers them.
    """

    stream: str
    offset: int
    case: UUID | None
    seq: int | None
    kind: str
    actor: str
    officer: UUID | None
    at_us: int
    body: str
    hash: bytes | None

    def link(self, before: bytes) -> bytes:
        """Its hash after the link `before`: SHA-256 over it and the fields with | between, what is missing left out."""
        return _hashed(before, (self.case, self.seq, self.kind, self.actor, self.officer, self.at_us, self.body))

    def digest(self, before: bytes) -> bytes:
        """Of its whole stream up to here, for what the witness writes down: the row with its place and stored hash."""
        fields = (self.stream, self.offset, self.case, self.seq, self.kind, self.actor, self.officer, self.at_us)
        said = "|".join("" if field is None else str(field) for field in fields)
        return hashlib.sha256(b"".join((before, said.encode(), b"|", self.body.encode(), self.hash or b""))).digest()


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of `audit`: who read what, who came and went, what was changed in the town."""

    chain: Chain
    seq: int
    at_us: int
    actor: str
    act: str
    body: str
    hash: bytes

    def link(self, before: bytes) -> bytes:
        return _hashed(before, (self.chain, self.seq, self.act, self.actor, self.at_us, self.body))


def _hashed(before: bytes, fields: Iterable[object]) -> bytes:
    said = "|".join(str(field) for field in fields if field is not None)
    return hashlib.sha256(before + said.encode()).digest()


def of_case(case: UUID) -> Chain:
    return Chain(f"{CASE}{case}")


def read_of(case: UUID) -> Chain:
    return Chain(f"read:{case}")


def of_station(station: str) -> Chain:
    return Chain(f"station:{station}")


def committed(salt: bytes, words: str) -> str:
    """What an entry holds of words: deleting the salt erases them from the chain's reach without breaking it."""
    return hashlib.sha256(salt + words.encode()).hexdigest()
