"""Processes of the fleet without their sockets, and what people's screens hold: for tests of streams and resumes.

A process is the real feed, board, hub and resume over the real store; the bus between them is one list, so that a
test may lose, double and reorder. A screen is a reducer of views like a page's: snapshot, then events.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from dispatch.cases.audience import followed
from dispatch.cases.facts import Fact
from dispatch.cases.ports import CaseStore
from dispatch.cases.values import CLOSED
from dispatch.cases.views import (
    Alarm,
    DeskCase,
    Gone,
    HeldCase,
    Offer,
    OfficerDuty,
    Panic,
    ReadTo,
    ReporterCase,
    Said,
    Snapshot,
    Talk,
    View,
)
from dispatch.people.values import Role, Who
from dispatch.positions.roster import Roster
from dispatch.safety.panics import Panics
from dispatch.streams.feed import Feed
from gateway.sockets.hub import Hub, Member
from gateway.sockets.link import Close
from gateway.sockets.resume import Resume

KEY: Final = b"k" * 32
DRIFT_MS: Final = 1_500
"""Countdowns of a screen and of a fresh snapshot may differ by what passed between two readings of the clock."""
_decode = msgspec.json.Decoder(
    Offer | Gone | HeldCase | ReporterCase | DeskCase | OfficerDuty | Said | ReadTo | Talk | Panic | Alarm
).decode


class Wire:
    """The bus of a test: holds publications until they are carried."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []

    def post(self, payload: bytes) -> None:
        self.posted.append(payload)

    def carry(self, to: "Process", order: Iterable[int] | None = None) -> None:
        """Everything posted so far, in an order of the test's."""
        for index in range(len(self.posted)) if order is None else order:
            to.feed.heard(self.posted[index])


class Phone:
    """A link that keeps what was written."""

    unsent = 0

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: Close | None = None

    def write_soon(self, frame: bytes) -> None:
        self.write(frame)

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def close(self, code: Close, reason: str = "") -> None:
        self.closed = code

    def take(self) -> list[bytes]:
        """Payloads since the last time."""
        written, self.frames = b"".join(self.frames), []
        payloads = []
        while written:  # one write may carry several frames
            size, head = written[1], 2
            if size == 126:
                size, head = int.from_bytes(written[2:4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(written[2:10], "big"), 10
            payloads.append(written[head : head + size])
            written = written[head + size :]
        return payloads


class Process:
    """One process: what it knows, and the screens that hang on it."""

    def __init__(self, store: CaseStore, wire: Wire, name: str) -> None:
        self.ahead_s = 0.0
        self.store, self.wire = store, wire
        self.feed = Feed(store, wire, name, clock=lambda: time.monotonic() + self.ahead_s)
        self.roster, self.hub = Roster(), Hub()
        self.panics = Panics()
        self.resume = Resume(self.feed, self.roster, KEY, self.panics)
        self.feed.listeners.append(self._heard)
        self.told: list[Fact] = []

    def _heard(self, fact: Fact) -> None:
        self.told.append(fact)
        self.roster.apply(fact)
        self.panics.apply(fact)
        self.hub.deliver(fact)

    async def mend(self) -> None:
        """Hears nothing from anybody, asks the database, after reordering would have explained it."""
        await self.feed.poll()
        self.ahead_s += 0.06
        await self.feed.mend()

    def screen(self, who: Who) -> "Screen":
        """A screen that has just been told everything and is told what follows."""
        screen = Screen(who)
        screen.begin(self.resume.snapshot(who))
        screen.at = dict(self.resume.at(who))
        self.hub.join(Member(who, screen.phone))
        return screen

    async def fresh(self, who: Who) -> "Screen":
        """What a new screen would show. A reporter's closed case comes from the record, as in the session."""
        screen = Screen(who)
        screen.begin(self.resume.snapshot(who))
        if who.role is Role.REPORTER and who.case is not None and who.case not in self.feed.board.cases:
            state = await self.store.case(who.case)
            into = state.group.into if state and state.group else None
            lead = await self.store.case(into) if into else state
            if lead is not None:
                screen.see(followed(who.case, lead, 0))
        return screen


@dataclass(slots=True)
class Screen:
    """What somebody sees. `at`: the greatest offset of each stream; `got`: everything that came, in order."""

    who: Who
    phone: Phone = field(default_factory=Phone)
    offers: dict[UUID, Offer] = field(default_factory=dict)
    held: dict[UUID, HeldCase] = field(default_factory=dict)
    cases: dict[UUID, ReporterCase | DeskCase] = field(default_factory=dict)
    officers: dict[UUID, OfficerDuty] = field(default_factory=dict)
    talks: dict[UUID, Talk] = field(default_factory=dict)
    panics: dict[UUID, Panic] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    got: list[View] = field(default_factory=list)
    alarms: dict[UUID, Alarm] = field(default_factory=dict)

    def begin(self, snapshot: Snapshot) -> None:
        """Replaces everything."""
        self.offers = {o.case: o for o in snapshot.offers}
        self.held = {h.case: h for h in snapshot.held}
        self.cases = {c.case: c for c in snapshot.cases}
        self.officers = {o.officer: o for o in snapshot.officers}
        self.talks = {t.case: t for t in snapshot.talks}
        self.panics = {p.panic: p for p in snapshot.panics}
        self.alarms = {a.case: a for a in snapshot.alarms}
        self.at = dict(snapshot.at)

    def catch_up(self) -> "Screen":
        """Takes in what was written to the socket."""
        for payload in self.phone.take():
            self.see(_decode(payload))
        return self

    def see(self, view: View) -> None:
        self.got.append(view)
        if view.stream:
            if view.offset <= self.at.get(view.stream, -1):
                return  # as every client does with what it was told before
            self.at[view.stream] = view.offset
        if isinstance(view, Offer):
            self.offers[view.case] = view
        elif isinstance(view, HeldCase):
            self.offers.pop(view.case, None)
            self.held[view.case] = view
        elif isinstance(view, Gone):
            self.offers.pop(view.case, None)
            self.held.pop(view.case, None)
            self.cases.pop(view.case, None)
            self.talks.pop(view.case, None)
        elif isinstance(view, Alarm):
            self.alarms[view.case] = view
            if view.over:
                del self.alarms[view.case]
        elif isinstance(view, ReporterCase):
            self.cases[view.case] = view
            if view.status in CLOSED or view.merged:
                self.talks.pop(view.case, None)
        elif isinstance(view, DeskCase):
            self.cases[view.case] = view
            if view.status in CLOSED:
                del self.cases[view.case]
                self.talks.pop(view.case, None)
        elif isinstance(view, Talk):
            self.talks[view.case] = view
        elif isinstance(view, Said):
            self._said(view)
        elif isinstance(view, ReadTo):
            held = self.talks.get(view.case, Talk(case=view.case, lines=()))
            self.talks[view.case] = msgspec.structs.replace(held, upto=view.upto, unread=self._unread(held, view.upto))
        elif isinstance(view, OfficerDuty):
            self.officers[view.officer] = view
            if not view.on:
                del self.officers[view.officer]
        elif isinstance(view, Panic):
            self.panics[view.panic] = view
            if view.over:
                del self.panics[view.panic]

    def _said(self, view: Said) -> None:
        """A line once, in its place; unread until it is read, unless it is one's own."""
        held = self.talks.get(view.case, Talk(case=view.case, lines=()))
        lines = {line.seq: line for line in (*held.lines, view.line)}
        held = msgspec.structs.replace(held, lines=tuple(lines[seq] for seq in sorted(lines)))
        self.talks[view.case] = msgspec.structs.replace(held, unread=self._unread(held, held.upto))

    def _unread(self, talk: Talk, upto: int) -> int:
        mine = self.who.call_sign or self.who.role
        return sum(x.seq > upto and (x.officer.call_sign if x.officer else x.by) != mine for x in talk.lines)

    def copy(self) -> "Screen":
        rooms = (self.offers, self.held, self.cases, self.officers, self.talks, self.panics, self.at)
        return Screen(self.who, Phone(), *map(dict, rooms))  # type: ignore[arg-type]

    def shows(self) -> dict[str, Any]:
        """Everything that stands on it, without countdowns and without how it came."""
        rooms = {"offers": self.offers, "held": self.held, "cases": self.cases, "officers": self.officers,
                 "talks": self.talks, "alarms": self.alarms, "panics": self.panics}  # fmt: skip
        return {room: {key: plain(view) for key, view in cast(Any, held).items()} for room, held in rooms.items()}

    def countdowns(self) -> dict[UUID, int]:
        """Milliseconds left by case."""
        open_ = [*self.offers.values(), *self.cases.values()]
        return {v.case: v.remaining_ms for v in open_ if v.remaining_ms is not None}


def plain(view: View) -> dict[str, Any]:
    """A view without position in a stream, without times, without the name of the last entry."""
    left_out = ("stream", "offset", "remaining_ms", "received_ago_ms", "object_ms", "quiet_ms", "last")
    return {name: getattr(view, name) for name in view.__struct_fields__ if name not in left_out}


def differences(one: Screen, other: Screen) -> str:
    """Empty when both show the same, countdowns within DRIFT_MS."""
    if one.shows() != other.shows():
        return f"{one.shows()}\n!=\n{other.shows()}"
    here, there = one.countdowns(), other.countdowns()
    off = {case: (ms, there.get(case)) for case, ms in here.items() if abs(ms - there.get(case, -(10**9))) > DRIFT_MS}
    return f"countdowns {off}" if off or here.keys() != there.keys() else ""


def officer_(officer: UUID, station: str = "s1", call_sign: str | None = None) -> Who:
    return Who(session=UUID(int=1), role=Role.OFFICER, officer=officer, station=station, call_sign=call_sign)


def supervisor_(station: str | None) -> Who:
    account = UUID(int=8) if station is None else UUID(int=9)
    return Who(session=UUID(int=4), role=Role.SUPERVISOR, account=account, station=station)


def desk_(station: str = "s1") -> Who:
    return Who(session=UUID(int=2), role=Role.DESK, account=UUID(int=7), station=station)


def reporter_(case: UUID) -> Who:
    return Who(session=UUID(int=3), role=Role.REPORTER, case=case)
