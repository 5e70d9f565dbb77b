"""Once a minute the heads of all chains are written down where the database's administrator does not write.

Every entry has an offset in its stream without a gap, so "what is new" needs no index and misses nothing: the witness
reads each stream from where it stopped, folds its digest, and notes each case's last link on the way. Several may run;
one at a time holds a place, the others stand by.
"""

import asyncio
from typing import Final

from dispatch.audit.chains import Chain, of_case
from dispatch.audit.ports import Outside, WitnessStore
from dispatch.audit.record import FIRST, Mark, Record, Signer, following, opened, seal
from dispatch.audit.tree import Head, Heads
from dispatch.limits import CALL_S_MAX

BATCH: Final = 5_000  # rows read at once: some megabytes
LATE_S: Final = 2 * CALL_S_MAX + 2
"""An entry of `audit` carries a time read before its commit; no call lasts longer than CALL_S_MAX."""


class Witness:
    """One process's. `turn` is called every `limits.WITNESS_S`."""

    def __init__(self, store: WitnessStore, outside: Outside, signer: Signer) -> None:
        self._store, self._outside, self._signer = store, outside, signer
        self._loaded = False
        self._n, self._at, self._before, self._heads = 0, 0, FIRST, Heads()
        self._streams: dict[str, Mark] = {}

    async def turn(self) -> Record | None:
        """Writes a record, also where nothing moved: silence must not look like an end. None: another holds the place.

        Raises: StoreAway, StoreBusy; OSError, RecordsError (the place holds what no witness wrote).
        """
        # The place may be another host's share that hangs: nothing else of the relay waits for it.
        if not await asyncio.to_thread(self._outside.hold):
            self._loaded = False
            return None
        if not self._loaded:
            await asyncio.to_thread(self._load)
        now = await self._store.now()
        streams, moved = dict(self._streams), dict[Chain, Head]()
        for stream, top in sorted(now.offsets.items()):
            streams[stream] = await self._read(stream, streams.get(stream, Mark(0, "")), top, moved)
        late = await self._store.moved(self._at - int(LATE_S) if self._at else 0)
        moved |= {
            chain: head for chain, head in late.items() if (known := self._heads.get(chain)) is None or known != head
        }
        self._heads.move(moved)
        record = Record(
            n=self._n + 1, at=now.at, before=self._before, epoch=now.epoch,
            streams={s: mark for s, mark in streams.items() if self._streams.get(s) != mark},
            chains={c: Mark(head.seq, head.hash.hex()) for c, head in sorted(moved.items())},
            root=self._heads.root().hex(),
        )  # fmt: skip
        line, self._before = seal(record, self._signer)
        self._loaded = False  # until it is written: a failure between here and there reads the place again
        await asyncio.to_thread(self._outside.write, line)
        self._n, self._at, self._streams, self._loaded = record.n, record.at, streams, True
        return record

    def _load(self) -> None:
        """Goes on from what is written."""
        self._n, self._at, self._before, self._heads, self._streams = 0, 0, FIRST, Heads(), {}
        lines = self._outside.lines()
        for record in opened(lines, roots=False):  # its own; to reckon every root again would take minutes
            self._n, self._at = record.n, record.at
            self._streams |= record.streams
            self._heads.move({Chain(c): Head(mark.at, mark.bytes) for c, mark in record.chains.items()})
        if lines:
            self._before = following(lines[-1])
        self._loaded = True

    async def _read(self, stream: str, mark: Mark, top: int, moved: dict[Chain, Head]) -> Mark:
        """A stream's digest at `top`; a stream that went back (a restore, or worse) stays where it was witnessed."""
        at, folded = mark.at, mark.bytes
        while at < top:
            rows = await self._store.acts(stream, at, top, BATCH)
            if not rows:
                break
            for row in rows:
                folded = row.digest(folded)
                if row.case is not None and row.seq is not None and row.hash is not None:
                    chain = of_case(row.case)  # of a case that was handed over, an older link may be read later
                    if chain not in moved or moved[chain].seq < row.seq:
                        moved[chain] = Head(row.seq, row.hash)
            at = rows[-1].offset
        return Mark(at, folded.hex())
