"""What the witness writes outside the database, a line a minute, each signed and bound to the one before.

A record says how far each stream goes and what its digest is, which heads moved since the last record, and the Merkle
root over all heads with them. Who holds the records and the public key needs nobody's word for what the history was.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec

from dispatch.audit.chains import Chain
from dispatch.audit.tree import Head, Heads

FIRST: Final = ""  # what the first record is bound to


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Where a stream or a chain stood: `at`, its offset or number, and the hash there, in hex."""

    at: int
    hash: str

    @property
    def bytes(self) -> bytes:
        return bytes.fromhex(self.hash)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`n`: counted from 1 without a hole. `at`: Unix seconds by the database's clock. `before`: SHA-256 of the record
    before, in hex. `chains`: only those that moved. `epoch`: of the database, a new one after every restore."""

    n: int
    at: int
    before: str
    epoch: str
    streams: dict[str, Mark]
    chains: dict[str, Mark]
    root: str


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a file: the record's very bytes, and their signature (Ed25519, RFC 8032) in hex."""

    record: str
    signature: str


class Signer(Protocol):
    """Holds the private key."""

    def sign(self, said: bytes) -> bytes:
        """64 bytes, Ed25519."""

    def public(self) -> bytes:
        """The key that verifies them, 32 bytes."""


class Verifier(Protocol):
    """Holds the public key."""

    def right(self, said: bytes, signature: bytes) -> bool: ...


class RecordsError(ValueError):
    """The records cannot be read as what a witness wrote; the message says which line and why."""


def digest(record: str) -> str:
    return hashlib.sha256(record.encode()).hexdigest()


def seal(record: Record, signer: Signer) -> tuple[Signed, str]:
    """The line to write, and what the next record is bound to."""
    said = msgspec.json.encode(record).decode()
    return Signed(record=said, signature=signer.sign(said.encode()).hex()), digest(said)


def following(line: bytes) -> str:
    """What the record after this line is bound to. Raises: msgspec.DecodeError."""
    return digest(msgspec.json.decode(line, type=Signed).record)


def opened(lines: Iterable[bytes], verifier: Verifier | None = None, *, roots: bool = True) -> Iterator[Record]:
    """The records of a witness's lines, in order.

    Their numbers have no hole, each is bound to the one before, each root is that of the heads up to it (with
    `roots`), and with `verifier` each signature is right.

    Raises: RecordsError.
    """
    before, heads = FIRST, Heads()
    for n, line in enumerate(lines, 1):
        try:
            signed = msgspec.json.decode(line, type=Signed)
            record = msgspec.json.decode(signed.record, type=Record)
            signature = bytes.fromhex(signed.signature)
            heads.move({Chain(c): Head(mark.at, mark.bytes) for c, mark in record.chains.items()})
            _ = [mark.bytes for mark in record.streams.values()]  # read now: what is no hash is told of this record
        except (msgspec.DecodeError, ValueError) as error:
            raise RecordsError(f"record {n} is not one: {error}") from error
        if verifier is not None and not verifier.right(signed.record.encode(), signature):
            raise RecordsError(f"record {n} is not signed by this key")
        if (record.n, record.before) != (n, before):
            raise RecordsError(f"record {n} does not follow the one before it")
        if roots and record.root != heads.root().hex():
            raise RecordsError(f"record {n} does not have the root of its heads")
        before = digest(signed.record)
        yield record
