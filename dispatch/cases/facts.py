"""A fact: one committed entry of a stream, as processes pass it to each other. And the state it left behind."""

from typing import Any
from uuid import UUID

import msgspec

from dispatch.cases.values import Appointment, Disposition, Status


class HolderState(msgspec.Struct, frozen=True, kw_only=True):
    """An officer on an active seat, as far as others may know: call sign and first character of the surname.

    `word`: of this assignment, for the officer and the reporter alone; `met`: they have told it each other.
    `watch`: a step of `dispatch.watch.steps`, where the officer was noticed or asked after.
    """

    officer: UUID
    call_sign: str
    surname: str
    seat: int
    fence: int
    state: str
    check_in: str | None = None
    word: str = ""
    met: bool = False
    watch: str | None = None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a case stands to its end: dispatch.cases.values.End. `object_ms`: left for an objection."""

    closed_by: UUID | None = None
    barred: UUID | None = None
    objected: bool = False
    stars: int | None = None
    object_ms: int | None = None


class Appointed(msgspec.Struct, frozen=True, kw_only=True):
    """A time offered to the reporter, in whole microseconds since 1970, and what became of it."""

    begins_us: int
    ends_us: int
    answer: Appointment


class DeskNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a desk has settled about a case. `owner`: the desk person or supervisor who answers for it. `until_us`:
    quiet until then. `referred_to`: the other body. `manner`: how it was closed, where no officer went."""

    owner: UUID | None = None
    until_us: int | None = None
    appointment: Appointed | None = None
    referred_to: str | None = None
    manner: str | None = None


class ReportOf(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was merged into another one; `received_us`: its own age counts from there."""

    case: UUID
    received_us: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The case that stands for this one, or those that this one stands for.

    As the telling process knows it, and no store: `lead`, the state of the former; `open`, those of the latter that are
    open by themselves there, because they have left since or have not come yet.
    """

    into: UUID | None = None
    reports: tuple[ReportOf, ...] = ()
    lead: "CaseState | None" = None
    open: tuple[UUID, ...] = ()


class CaseState(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands after a fact. Times relative to when the database wrote it: `remaining_ms`, `age_ms`."""

    id: UUID
    station: str
    category: str
    words: str
    lat: float
    lon: float
    accuracy_m: float | None
    status: Status
    round: int
    wave: int
    seats: int
    fence: int
    seq: int
    received_us: int
    remaining_ms: int | None
    age_ms: int
    desk_reason: str | None
    acknowledged: bool
    alarms: int
    disposition: Disposition | None
    exercise: bool
    channel: str = "web"
    declined: tuple[UUID, ...]
    handed_back: tuple[UUID, ...]
    holders: tuple[HolderState, ...]
    desk: DeskNote | None = None
    ending: Ending | None = None
    group: Group | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said on a case. `seq`: its entry in the case's history; `by`: reporter, officer, desk.

    `words` is empty when it was erased. Officers are known by call sign and first character of the surname.
    """

    seq: int
    by: str
    words: str
    at_us: int
    officer: UUID | None = None
    call_sign: str = ""
    surname: str = ""


class TalkState(msgspec.Struct, frozen=True, kw_only=True):
    """The talk on a case, or a part of it. `lines`: oldest first; `more`: there are earlier ones.

    `marks`: up to which entry each person has read, by the person's stable name.
    """

    case: UUID
    lines: tuple[Line, ...]
    more: bool = False
    marks: dict[str, int] = {}


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. Offsets are gap-free in their stream, `seq` in its case.

    `to`: officers newly asked by it. `asked`: all who had the offer when it ended (empty where not known).
    `talk`: of a line, that line; where an officer joins, the talk so far as this process knows it.
    """

    stream: str
    offset: int
    kind: str
    actor: str
    at_us: int
    body: dict[str, Any]
    case: UUID | None = None
    seq: int | None = None
    officer: UUID | None = None
    state: CaseState | None = None
    to: tuple[UUID, ...] = ()
    asked: tuple[UUID, ...] = ()
    talk: TalkState | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What one publication on the bus carries: the facts of one commit and the process that made it."""

    origin: str
    facts: tuple[Fact, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge answered one request. `reason` is a `Refusal` where `ok` is false."""

    ok: bool
    reason: str | None
    response: dict[str, Any]
    facts: tuple[Fact, ...] = ()
    state: CaseState | None = None
