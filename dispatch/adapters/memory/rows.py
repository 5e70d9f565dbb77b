"""The tables of a database in memory: what `adapters/postgres/migrations` lays out, as far as the core can see it.

One `Records` is one database, shared by every store that is opened on it. Times are whole microseconds since 1970, as
the caller's clock says them. PostgreSQL's unique indexes are left out on purpose: a wrong judge is meant to show.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.cases.audience import OFFERING
from dispatch.cases.eligibility import Border, Candidate, Wanted, eligible
from dispatch.cases.facts import Answer, CaseState, DeskNote, Ending, Fact, Group, HolderState, Line, ReportOf
from dispatch.cases.values import Case, End, Event, OfficerId, OfficerState, Status
from dispatch.limits import PRIORITY

OBJECTION_MS = limits.OBJECTION_S * 1000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def utc(us: int) -> datetime:
    """Microseconds since 1970 as aware UTC."""
    return _1970 + timedelta(microseconds=us)


def milliseconds(us: int) -> int:
    """Rounded half up, as the database rounds."""
    return (us + 500) // 1000


@dataclass(slots=True)
class OfficerRow:
    id: UUID
    call_sign: str
    surname: str
    station: str
    on_duty: bool = False
    slots: int = 1
    held: int = 0
    skills: frozenset[str] = frozenset()
    beat: str | None = None
    shift_ends_us: int | None = None

    def candidate(self) -> Candidate:
        """As the rule of eligibility looks at an officer."""
        ends = None if self.shift_ends_us is None else utc(self.shift_ends_us)
        return Candidate(self.id, self.station, self.on_duty, self.held, self.slots, self.skills, ends)

    def seen(self, lent: bool = True) -> OfficerState:
        """As the case machine looks at an officer. `lent`: the case's station may send this one."""
        return OfficerState(OfficerId(self.id), self.on_duty, self.held, self.slots, lent)


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """`None`: the service's own number (dispatch.limits)."""

    id: str
    seats: int = 1
    window_ms: int | None = None
    wave_ms: int | None = None
    ack_ms: int | None = None
    skill: str | None = None
    check_in_s: int | None = None
    priority: int = PRIORITY
    patience_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station's policies. `None`: the service's own number."""

    id: str
    border: Border = Border.NEIGHBOURS
    hand_backs_max: int | None = None


@dataclass(slots=True)
class SeatRow:
    """An active seat; ended ones are only told by the history."""

    officer: UUID
    seat: int
    fence: int
    state: str = "claimed"
    check_in: str | None = None
    word: str = ""
    word_tries: int = 0
    met: bool = False
    watch: str | None = None
    watch_why: str | None = None
    watch_due_us: int | None = None
    watch_after_us: int | None = None


class WaveRow(NamedTuple):
    seq: int
    round: int
    wave: int
    recipients: tuple[UUID, ...]


class Timer(NamedTuple):
    station: str
    due_us: int
    round: int
    wave: int


class Kept(NamedTuple):
    """What was answered to a key. `hash`: of the request, in hex."""

    hash: str
    response: dict[str, Any]


@dataclass(slots=True)
class CaseRow:
    """A case. `core` is the part that the rules look at; `declined`, `handed_back` keep its order."""

    id: UUID
    station: str
    category: str
    words: str
    lat: float
    lon: float
    accuracy_m: float | None
    exercise: bool
    received_us: int
    core: Case
    deadline_us: int = 0
    declined: tuple[UUID, ...] = ()
    handed_back: tuple[UUID, ...] = ()
    seated: list[SeatRow] = field(default_factory=list)
    waves: list[WaveRow] = field(default_factory=list)
    desk_reason: str | None = None
    alarms: int = 0
    desk: DeskNote | None = None
    seq: int = 0
    facts: list[Fact] = field(default_factory=list)
    channel: str = "web"
    lines: list[tuple[str, Line]] = field(default_factory=list)  # author, line
    marks: dict[str, int] = field(default_factory=dict)
    reports: list[UUID] = field(default_factory=list)

    def asked(self, round_: int, before_seq: int | None = None) -> list[UUID]:
        """All who were asked in a round, in the order of its waves."""
        return [
            o for w in self.waves if w.round == round_ and (before_seq is None or w.seq < before_seq)
            for o in w.recipients
        ]  # fmt: skip


class Asking(Protocol):
    """A draft that may ask officers: report, hand-back, wider wave."""

    @property
    def candidates(self) -> Sequence[UUID]: ...

    @property
    def asks(self) -> int | None: ...


class Records:
    """The database. `now_us`: its clock, the only one that counts."""

    def __init__(self, now_us: Callable[[], int], epoch: str = "memory") -> None:
        self.now_us, self.epoch = now_us, epoch
        self.categories: dict[str, CategoryRow] = {}
        self.stations: dict[str, StationRow] = {}
        self.officers: dict[UUID, OfficerRow] = {}
        self.cases: dict[UUID, CaseRow] = {}
        self.events: dict[str, list[Fact]] = {}
        self.kept: dict[tuple[str, str], Kept] = {}
        self.timers: dict[tuple[str, UUID], Timer] = {}
        self.cursors: dict[str, int] = {}
        self.lending: set[str] = set()  # stations that lend their officers
        self.falls: dict[str, str] = {}  # to which station a station's cases fall while nobody is on shift there
        self.catch_all: str | None = None
        self.shifts: dict[UUID, tuple[str, int]] = {}  # who is on shift at which desk, since when

    def add_station(self, station: str) -> None:
        self.events.setdefault(station, [])
        self.stations.setdefault(station, StationRow(station))

    def append(
        self, row: CaseRow, kind: str, actor: str, officer: UUID | None, body: dict[str, Any], us: int
    ) -> Fact:  # fmt: skip
        """The next entry of a case and of its station's stream; offsets and seqs have no gaps."""
        stream = self.events[row.station]
        row.seq += 1
        fact = Fact(
            stream=row.station, offset=len(stream) + 1, kind=kind, actor=actor, at_us=us, body=body,
            case=row.id, seq=row.seq, officer=officer,
        )  # fmt: skip
        stream.append(fact)
        row.facts.append(fact)
        return fact

    def eligible(self, station: str, category: str, x: Asking, except_for: Iterable[UUID], us: int) -> tuple[UUID, ...]:
        """Those of a draft who may be asked about a case of this station and category, in the order given."""
        border, skill = self.stations[station].border, self.categories[category].skill
        wanted = Wanted(station, border, skill, frozenset(except_for))
        found = (self.officers[o].candidate() for o in x.candidates if o in self.officers)
        return tuple(eligible(found, wanted, utc(us), x.asks or limits.STATION_RECIPIENTS_MAX))

    def state_of(self, row: CaseRow) -> CaseState:
        """A case as processes carry it, written now."""
        core, now = row.core, self.now_us()
        return CaseState(
            id=row.id,
            station=row.station,
            category=row.category,
            words=row.words,
            lat=row.lat,
            lon=row.lon,
            accuracy_m=row.accuracy_m,
            status=core.status,
            round=core.round,
            wave=core.wave,
            seats=core.seats,
            fence=core.fence,
            seq=row.seq,
            received_us=row.received_us,
            remaining_ms=max(0, milliseconds(row.deadline_us - now)) if core.status is Status.OFFERED else None,
            age_ms=milliseconds(now - row.received_us),
            desk_reason=row.desk_reason,
            acknowledged=core.acknowledged,
            alarms=row.alarms,
            disposition=core.disposition,
            exercise=row.exercise,
            channel=row.channel,
            declined=row.declined,
            handed_back=row.handed_back,
            holders=tuple(self._holder(seat) for seat in row.seated),
            desk=row.desk,
            ending=self._ending(row, now),
            group=self._group(row),
        )

    @staticmethod
    def _ending(row: CaseRow, now_us: int) -> Ending | None:
        end, left_ms = row.core.end, None
        if end == End():
            return None
        if row.core.status is Status.CLEARED and end.closed_at is not None:
            left_ms = max(
                0, milliseconds(int((end.closed_at - utc(now_us)) / timedelta(microseconds=1))) + OBJECTION_MS
            )
        return Ending(
            closed_by=end.closed_by, barred=end.barred, objected=end.objected, stars=end.stars, object_ms=left_ms
        )

    def _group(self, row: CaseRow) -> Group | None:
        if row.core.merged_into is None and not row.reports:
            return None
        reports = (ReportOf(case=case, received_us=self.cases[case].received_us) for case in row.reports)
        return Group(into=row.core.merged_into, reports=tuple(reports))

    def _holder(self, seat: SeatRow) -> HolderState:
        officer = self.officers[seat.officer]
        return HolderState(
            officer=officer.id,
            call_sign=officer.call_sign,
            surname=officer.surname,
            seat=seat.seat,
            fence=seat.fence,
            state=seat.state,
            check_in=seat.check_in,
            word=seat.word,
            met=seat.met,
            watch=seat.watch,
        )

    def answer(self, row: CaseRow, facts: Sequence[Fact], to: tuple[UUID, ...] = ()) -> Answer:
        """An answer that changed the case: its facts with the state they left behind."""
        state = self.state_of(row)
        told = (
            # "received" comes with what became of it in the same commit, and that one carries the state.
            f if f.kind == Event.RECEIVED
            else msgspec.structs.replace(f, state=state, to=to if f.kind in OFFERING else ())
            for f in facts
        )  # fmt: skip
        return Answer(ok=True, reason=None, response={}, facts=tuple(told), state=state)
