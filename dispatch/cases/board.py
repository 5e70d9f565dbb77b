"""The open cases as one process knows them: fed by facts in order, asked for snapshots, early refusals and places.

Never the judge: it may be behind. What it says may only refuse early, warn or show.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import msgspec

from dispatch.cases.facts import CaseState, Fact
from dispatch.cases.values import CLOSED, HELD, Event, Refusal, Status
from dispatch.limits import OFFER_RECIPIENTS_MAX
from dispatch.talk.threads import READ, Threads

Key = TypeVar("Key", bound=Hashable)
OPENING = frozenset({Event.OFFER_OPENED, Event.HANDED_BACK, Event.REOFFERED, Event.PREEMPTED, Event.SILENT})
JOINING = frozenset(
    {Event.SEAT_FILLED, Event.CLAIMED, Event.ASSIGNED, Event.REASSIGNED, Event.OFFICER_ADDED, Event.CAME_OVER}
)  # somebody reads the talk who did not before
GRANTING = frozenset({Event.SEAT_FILLED, Event.CLAIMED, Event.ASSIGNED, Event.REASSIGNED, Event.OFFICER_ADDED})


@dataclass(slots=True)
class Entry:
    """One open case. `heard_at`: this process's monotonic time of the state. `recipients`: of the present round.

    `seen`: the last entry of its history that was applied; the state may already be of a later one, when it was read
    from the database. `since_opened`: this process has seen the present round from its first entry on, so `held_by`
    misses nobody once `seen` has come up to the state.
    """

    state: CaseState
    heard_at: float
    recipients: set[UUID]
    seen: int = 0
    since_opened: bool = False
    held_by: set[UUID] = field(default_factory=set)

    def remaining_ms(self, now: float) -> int:
        """Milliseconds left of the window, never below 0; 0 when none is open."""
        left = self.state.remaining_ms
        return 0 if left is None else max(0, left - int((now - self.heard_at) * 1000))

    def age_ms(self, now: float) -> int:
        return self.state.age_ms + int((now - self.heard_at) * 1000)

    def open_to(self, officer: UUID) -> bool:
        return (
            self.state.status is Status.OFFERED
            and officer in self.recipients
            and officer not in self.state.declined
            and officer not in self.state.handed_back
            and all(h.officer != officer for h in self.state.holders)
        )

    def still_open_to(self, officers: tuple[UUID, ...]) -> tuple[UUID, ...]:
        """Those of `officers` whom `open_to` names, in their order."""
        state = self.state
        if state.declined or state.handed_back or state.holders or state.status is not Status.OFFERED:
            return tuple(o for o in officers if self.open_to(o))
        return officers if self.recipients.issuperset(officers) else tuple(o for o in officers if o in self.recipients)


class Board:
    """Open cases by id, and by officer: offers put before one, cases held by one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.threads = Threads()
        self.cases: dict[UUID, Entry] = {}
        self.offered: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self.held: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._leads: dict[UUID, UUID] = {}  # a merged case -> the open one that stands for it
        self._open_in: defaultdict[tuple[int, int], set[UUID]] = defaultdict(set)

    def load(self, cases: Iterable[tuple[CaseState, frozenset[UUID]]]) -> None:
        """Starts from what the database holds; facts after it follow by `apply`."""
        for state, recipients in cases:
            self._put(Entry(state, self._clock(), set(recipients)))

    def apply(self, fact: Fact) -> Fact:
        """Takes the next fact of a stream; gives it back as it is to be told.

        With the latest state that is known here, `to`: those it asked who may still answer, and `asked`: whose offer
        ended. So nobody is shown an offer that is known to be over, and everybody who was shown one hears of its end.
        `talk`: for an officer who joins, all that is known of it.
        """
        if fact.kind == READ and UUID(fact.body["case"]) not in self.cases:
            return fact  # of a case that is over nothing is kept
        self.threads.take(fact)
        if fact.state is None or fact.case is None:
            return fact
        old = self.cases.get(fact.case)
        entry = self._evolved(old, fact)
        if old is not None:
            self._drop(old)
        if entry.state.status not in CLOSED:
            self._put(entry)
        else:
            self.threads.drop(fact.case)
        return msgspec.structs.replace(
            fact,
            state=self._grouped(entry.state),
            to=entry.still_open_to(fact.to),
            asked=_ended(old, entry) or fact.asked,
            talk=self.threads.of(fact.case) if fact.kind in JOINING else fact.talk,
        )

    def _evolved(self, old: Entry | None, fact: Fact) -> Entry:
        """The latest state that is known, and what this fact tells of that state's round: a fact that was read from
        the database brings a later state along, maybe of a later round, in which those it asked are not asked."""
        assert fact.state is not None and fact.seq is not None
        entry = Entry(fact.state, self._clock(), set(), fact.seq)
        if old is not None and old.state.seq > fact.state.seq:
            entry.state, entry.heard_at = old.state, old.heard_at
        if old is not None and old.state.round == entry.state.round:
            entry.recipients, entry.held_by = old.recipients, old.held_by
            entry.since_opened, entry.seen = old.since_opened, max(old.seen, fact.seq)
        entry.held_by = entry.held_by | {h.officer for h in entry.state.holders}
        if old is not None and old.state.station != entry.state.station:
            entry.since_opened = False  # two streams: what the other one still has to tell may come later
        if fact.body.get("round") == entry.state.round:
            if fact.to:
                entry.recipients = entry.recipients.union(fact.to)
            entry.since_opened = entry.since_opened or fact.kind in OPENING
            if fact.kind in GRANTING and fact.officer is not None:
                entry.held_by.add(fact.officer)
        return entry

    def _put(self, entry: Entry) -> None:
        case = entry.state.id
        self.cases[case] = entry
        if entry.state.status is Status.OFFERED:
            if len(entry.recipients) < OFFER_RECIPIENTS_MAX:
                self._open_in[_cell(entry.state.lat, entry.state.lon)].add(case)
            for officer in entry.recipients:
                self.offered[officer].add(case)
        for holder in entry.state.holders:
            self.held[holder.officer].add(case)
        if entry.state.group is not None:
            self._leads |= {one.case: case for one in entry.state.group.reports}

    def _drop(self, entry: Entry) -> None:
        case = entry.state.id
        del self.cases[case]
        _discard(self._open_in, _cell(entry.state.lat, entry.state.lon), case)
        for officer in entry.recipients:
            _discard(self.offered, officer, case)
        for holder in entry.state.holders:
            _discard(self.held, holder.officer, case)
        for one in entry.state.group.reports if entry.state.group else ():
            if self._leads.get(one.case) == case:
                del self._leads[one.case]

    def _grouped(self, state: CaseState) -> CaseState:
        """As it is told: with the state of the case that stands for it, and which of its reports are open themselves.

        The facts of two stations come in any order: whichever comes last tells the reporter how it is.
        """
        group = state.group
        if group is None:
            return state
        lead = self.cases.get(group.into) if group.into is not None else None
        if lead is not None:
            now = self._clock()
            waits_ms = None if lead.state.remaining_ms is None else lead.remaining_ms(now)
            known = msgspec.structs.replace(lead.state, remaining_ms=waits_ms, age_ms=lead.age_ms(now))
            group = msgspec.structs.replace(group, lead=known)
        open_ = tuple(one.case for one in group.reports if one.case in self.cases)
        return msgspec.structs.replace(state, group=msgspec.structs.replace(group, open=open_))

    def followed(self, case: UUID) -> Entry | None:
        """What the reporter of a case follows: the case while it is open, else the open one that stands for it."""
        return self.cases.get(case) or self.cases.get(self._leads.get(case, case))

    def offers_of(self, officer: UUID) -> list[Entry]:
        """Offers open to the officer now, oldest first."""
        now = self._clock()
        entries = (self.cases[c] for c in self.offered.get(officer, ()))
        found = [e for e in entries if e.open_to(officer) and e.remaining_ms(now) > 0]
        return sorted(found, key=lambda e: (e.state.received_us, e.state.id.int))

    def held_by(self, officer: UUID) -> list[Entry]:
        return sorted((self.cases[c] for c in self.held.get(officer, ())), key=lambda e: e.state.received_us)

    def of_station(self, station: str) -> list[Entry]:
        found = [e for e in self.cases.values() if e.state.station == station]
        return sorted(found, key=lambda e: (e.state.received_us, e.state.id.int))

    def open_around(self, lat: float, lon: float) -> Iterator[Entry]:
        """Open offers with room for one more officer whose place may lie within the widest ring of here: about 10 km,
        never fewer."""
        row, column = _cell(lat, lon)
        for i in range(row - 1, row + 2):
            for j in range(column - 2, column + 3):
                for case in self._open_in.get((i, j), ()):
                    yield self.cases[case]

    def refuses(self, case: UUID, officer: UUID, round_: int) -> Refusal | None:
        """A claim's certain refusal, or None: ask the judge.

        Only where this process saw the whole round and the officer never held a seat in it: then no stored answer
        of the judge can say otherwise.
        """
        entry = self.cases.get(case)
        if entry is None or not entry.since_opened or entry.seen < entry.state.seq:
            return None
        if entry.state.round != round_ or officer in entry.held_by:
            return None
        if officer not in entry.recipients:
            return None
        if entry.state.status in HELD:
            return Refusal.TAKEN
        return Refusal.AT_DESK if entry.state.status is Status.AT_STATION else None


def _cell(lat: float, lon: float) -> tuple[int, int]:
    """A tenth of a degree: about 11 km by at least 5.5 km up to 60 degrees of latitude."""
    return int(lat * 10 // 1), int(lon * 10 // 1)


def _discard(index: defaultdict[Key, set[UUID]], key: Key, case: UUID) -> None:
    cases = index.get(key)
    if cases is not None:
        cases.discard(case)
        if not cases:
            del index[key]


def _ended(old: Entry | None, entry: Entry) -> tuple[UUID, ...]:
    """Who had the offer open and has it no longer."""
    if old is None or old.state.status is not Status.OFFERED:
        return ()
    had = old.still_open_to(tuple(old.recipients))
    return had if entry.state.status is not Status.OFFERED else tuple(o for o in had if not entry.open_to(o))
