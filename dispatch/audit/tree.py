"""A Merkle root over the heads of all chains, kept as they move.

Leaves and nodes are hashed apart as in RFC 6962, section 2.1 (0x00 before a leaf, 0x01 before two nodes). Chains fall
by their own hash into a fixed number of buckets, each a tree over its chains in order; the root is the tree over the
buckets. So a minute in which a hundred heads of a million moved costs a hundred buckets and not a million leaves.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from dispatch.audit.chains import Chain

BUCKETS: Final = 4096
"""Of a million chains a bucket holds about 250: a millisecond to hash again. All buckets together take five."""


class Head(NamedTuple):
    """The last link of a chain: how many it has, and its hash."""

    seq: int
    hash: bytes


def merkle(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves that are hashed already; of none, the hash of nothing."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1 :]  # an odd one goes up as it is
    return level[0]


def leaf(chain: Chain, head: Head) -> bytes:
    return hashlib.sha256(b"\x00" + f"{chain}|{head.seq}|".encode() + head.hash).digest()


class Heads:
    """All heads that are known. Memory: about 300 bytes a chain."""

    def __init__(self) -> None:
        self._buckets: list[dict[Chain, Head]] = [{} for _ in range(BUCKETS)]
        self._roots: list[bytes] = [merkle(())] * BUCKETS
        self._moved: set[int] = set()

    def __len__(self) -> int:
        return sum(map(len, self._buckets))

    def get(self, chain: Chain) -> Head | None:
        return self._buckets[_bucket(chain)].get(chain)

    def move(self, heads: Mapping[Chain, Head]) -> None:
        """These chains end there now."""
        for chain, head in heads.items():
            number = _bucket(chain)
            self._buckets[number][chain] = head
            self._moved.add(number)

    def root(self) -> bytes:
        """Over every chain moved so far."""
        for number in self._moved:
            self._roots[number] = merkle([leaf(c, h) for c, h in sorted(self._buckets[number].items())])
        self._moved.clear()
        return merkle(self._roots)


def _bucket(chain: Chain) -> int:
    return int.from_bytes(hashlib.sha256(chain.encode()).digest()[:2], "big") % BUCKETS
