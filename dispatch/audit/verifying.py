"""Is the history what it was? Answered from one moment of the database and the records a witness wrote outside it.

Each entry's hash is held against the entry before it, each chain's end against its own row, and all of it against what
was witnessed, by chain and by stream. The first finds a changed entry, the last one a history that was rewritten whole,
cut short, or put back to an older state. What was never witnessed, at most the last `limits.WITNESS_S`, is missed by
nobody.
"""

from collections.abc import AsyncIterator, Iterable
from enum import StrEnum
from typing import Final

import msgspec

from dispatch.audit.chains import CASE, TOWN, Act, Chain, Reading, committed, of_case
from dispatch.audit.ports import Noted, Snapshot, Words
from dispatch.audit.record import Mark, Record
from dispatch.audit.tree import Head

PROBLEMS_MAX: Final = 10_000  # named; a database that was replaced whole has a problem an entry


class Kind(StrEnum):
    CHANGED = "changed"  # the entry is not what its hash was made of
    MISSING = "missing"  # a number that was given is not there
    REWRITTEN = "rewritten"  # the chain is whole, and is not the one that was witnessed
    ADDED = "added"  # an entry stands where none can
    WORDS = "words_changed"  # the words are not those that the entry committed to
    END = "end_differs"  # the row says that the chain ends elsewhere
    STREAM = "stream_differs"  # entries of a stream are not those that were witnessed
    CHANGE = "change_differs"  # a change of the town or its people is not what the chain holds the digest of
    RECORD = "record_unsound"  # the records themselves


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`case`: its id, else the chain or stream. `seq`: the entry's number, of a stream its offset; 0 of the whole."""

    case: str
    seq: int
    kind: Kind


class Verdict(msgspec.Struct, kw_only=True):
    """What was read and what is wrong. `cases`: histories of cases that have an entry."""

    entries: int = 0
    cases: int = 0
    records: int = 0
    problems: list[Problem] = []

    def add(self, chain: str, seq: int, kind: Kind) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(case=chain.removeprefix(CASE), seq=seq, kind=kind))


class Witnessed:
    """What the records say, by chain and by stream."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.chains: dict[str, list[Mark]] = {}
        self.streams: dict[str, list[Mark]] = {}
        self.count = 0
        for record in records:
            self.count += 1
            for chain, mark in record.chains.items():
                self.chains.setdefault(chain, []).append(mark)
            for stream, mark in record.streams.items():
                self.streams.setdefault(stream, []).append(mark)


async def verify(snapshot: Snapshot, witnessed: Witnessed) -> Verdict:
    """Everything that is wrong, up to PROBLEMS_MAX. Memory: the heads of all chains; entries are streamed."""
    verdict = Verdict(records=witnessed.count)
    ends = {chain: head async for chain, head in snapshot.ends()}
    await _chains(_links_of_cases(snapshot, verdict), ends, witnessed, verdict)
    await _chains(_links_of_readings(snapshot, verdict), ends, witnessed, verdict)
    await _streams(snapshot.by_stream(), witnessed, verdict)
    await _changes(snapshot.changes(), verdict)
    for chain in ends:  # what is left has no entry at all
        verdict.add(chain, 0, Kind.MISSING)
    for name, marks in witnessed.chains.items():
        if name not in ends:
            verdict.add(name, marks[-1].at, Kind.MISSING)
    return verdict


Link = tuple[Chain, int, bytes, Act | Reading]


async def _links_of_cases(snapshot: Snapshot, verdict: Verdict) -> AsyncIterator[Link]:
    before: object = None
    async for act, words in snapshot.by_case():
        assert act.case is not None and act.seq is not None
        verdict.cases += act.case != before
        before = act.case
        if words is not None and not _kept(act, words):
            verdict.add(of_case(act.case), act.seq, Kind.WORDS)
        yield of_case(act.case), act.seq, act.hash or b"", act


async def _links_of_readings(snapshot: Snapshot, verdict: Verdict) -> AsyncIterator[Link]:
    async for reading in snapshot.readings():
        yield reading.chain, reading.seq, reading.hash, reading


def _kept(act: Act, words: Words) -> bool:
    """The words are those of the entry, or were erased with their salt."""
    try:
        said = msgspec.json.decode(act.body)
    except msgspec.DecodeError:
        return False
    told = said.get("words") if isinstance(said, dict) else None
    return not words.salt or told is None or committed(words.salt, words.words) == told


async def _chains(links: AsyncIterator[Link], ends: dict[Chain, Head], witnessed: Witnessed, verdict: Verdict) -> None:
    """Every link of chains that come one after the other, each by number. Takes what it has met from `ends` and
    `witnessed.chains`."""
    chain, last, before, marks = Chain(""), 0, b"", dict[int, bytes]()
    async for name, seq, hash_, entry in links:
        if name != chain:
            _end(chain, last, before, marks, ends, verdict)
            chain, last, before = name, 0, b""
            marks = {mark.at: mark.bytes for mark in witnessed.chains.pop(str(name), [])}
        verdict.entries += 1
        if seq != last + 1:
            for missing in range(max(1, last + 1), min(seq, last + 1 + PROBLEMS_MAX)):
                marks.pop(missing, None)
                verdict.add(name, missing, Kind.MISSING)
        if seq < 1:
            verdict.add(name, seq, Kind.ADDED)
        elif seq == last + 1 and entry.link(before) != hash_:
            verdict.add(name, seq, Kind.CHANGED)
        if (seen := marks.pop(seq, None)) is not None and seen != hash_:
            verdict.add(name, seq, Kind.REWRITTEN)
        last, before = seq, hash_
    _end(chain, last, before, marks, ends, verdict)


def _end(
    chain: Chain, last: int, head: bytes, marks: dict[int, bytes], ends: dict[Chain, Head], verdict: Verdict
) -> None:
    if not chain:
        return
    end = ends.pop(chain, None)
    for gone in marks:  # witnessed beyond the last
        verdict.add(chain, gone, Kind.MISSING)
    if end != Head(last, head) and not marks:
        verdict.add(chain, last, Kind.END)


async def _streams(acts: AsyncIterator[Act], witnessed: Witnessed, verdict: Verdict) -> None:
    """Each stream's digest at each place that was witnessed; the first that differs is named, all later ones do."""
    stream, folded, last, marks = "", b"", 0, dict[int, bytes]()
    met: set[str] = set()
    async for act in acts:
        if act.stream != stream:
            _beyond(stream, last, marks, verdict)
            stream, folded, last = act.stream, b"", 0
            met.add(stream)
            marks = {mark.at: mark.bytes for mark in witnessed.streams.get(stream, [])}
        if act.case is None:
            verdict.entries += 1
        if act.offset != last + 1:
            verdict.add(stream, last + 1, Kind.MISSING)
        folded, last = act.digest(folded), act.offset
        if (seen := marks.pop(act.offset, None)) is not None and seen != folded:
            verdict.add(stream, act.offset, Kind.STREAM)
            marks = {}
    _beyond(stream, last, marks, verdict)
    for name, lost in witnessed.streams.items():
        if name not in met and lost[-1].at > 0:
            verdict.add(name, lost[-1].at, Kind.MISSING)


async def _changes(pairs: AsyncIterator[Noted], verdict: Verdict) -> None:
    """Each change beside the entry that holds its digest. What was changed before the first such entry has none."""
    first: int | None = None
    async for seq, change, same in pairs:
        if seq is None:
            if change is not None and first is not None and change > first:
                verdict.add("changes", change, Kind.ADDED)
            continue
        first = change if first is None else first
        if change is None:
            verdict.add(TOWN, seq, Kind.MISSING)
        elif not same:
            verdict.add(TOWN, seq, Kind.CHANGE)


def _beyond(stream: str, last: int, marks: dict[int, bytes], verdict: Verdict) -> None:
    if beyond := [at for at in marks if at > last]:
        verdict.add(stream, max(beyond), Kind.MISSING)
