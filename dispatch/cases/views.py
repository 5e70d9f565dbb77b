"""What people see of a case: the messages a server sends. Tagged by `t`; every word here is part of the wire.

`stream` and `offset` say up to where the viewer has then seen that stream; a client keeps the greatest offset of
each stream for its resume.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Place(msgspec.Struct, frozen=True):
    """WGS-84 degrees. `within_m`: the true point lies at most so far away."""

    lat: float
    lon: float
    within_m: float


class Person(msgspec.Struct, frozen=True):
    """An officer as others know one."""

    call_sign: str
    surname: str


class Coming(Person, frozen=True, omit_defaults=True):
    """An officer on a seat, as the reporter knows one. `word`: what the officer says at the door, until it was said."""

    word: str | None = None
    met: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", omit_defaults=True):
    """A message caused by a fact."""

    stream: str = ""
    offset: int = 0


class Offer(View, frozen=True, kw_only=True, tag="offer"):
    """A case is put before this officer. The countdown runs from `remaining_ms`, never from an absolute time."""

    case: UUID
    round: int
    category: str
    words: str
    place: Place
    remaining_ms: int
    seats: int = 1


class Gone(View, frozen=True, kw_only=True, tag="gone"):
    """An offer or a held case is no longer this officer's. `reason`: taken, at_desk, withdrawn, declined, closed,
    handed_back, reassigned, transferred, taken_back, preempted, silent, merged. A desk is told so of a case that
    another station has now: handed_over."""

    case: UUID
    reason: str
    by: Person | None = None


class HeldCase(View, frozen=True, kw_only=True, tag="held"):
    """The whole case, for an officer on one of its seats. Every act must carry `fence`. `check_in`: a
    sign of life is asked for (asked), or the desk has been told that none came (missed). `word`: the reporter's phone
    shows the same four digits; `met`: it was said at the door. `watch`: nudged or alarmed (are you on the way?), asked
    or missed (a welfare check is open: answer it)."""

    case: UUID
    fence: int
    state: str
    status: str
    category: str
    words: str
    place: Place
    seats: int
    others: tuple[Person, ...] = ()
    check_in: str | None = None
    word: str | None = None
    met: bool = False
    watch: str | None = None


class Appointed(msgspec.Struct, frozen=True, kw_only=True):
    """A time that the desk offered to the reporter (UTC). `answer`: offered, accepted, declined, lapsed."""

    begins: datetime
    ends: datetime
    answer: str


class ReporterCase(View, frozen=True, kw_only=True, tag="case"):
    """The case as its reporter follows it. `object_ms`: left to say that it is not solved; `objected`: that was said,
    and a supervisor has it; `stars`: how the reporter rated it. `reports`: how many there are of the same incident.
    `merged`: this one was joined to another, whose progress is shown; its own talk is closed. `place`: where the
    reporter said it is, while somebody is on the way; never another reporter's."""

    case: UUID
    status: str
    station: str
    category: str
    received_ago_ms: int
    place: Place | None = None
    remaining_ms: int | None = None
    desk_reason: str | None = None
    acknowledged: bool = False
    officers: tuple[Coming, ...] = ()
    disposition: str | None = None
    object_ms: int | None = None
    objected: bool = False
    stars: int | None = None
    appointment: Appointed | None = None
    referred_to: str | None = None
    manner: str | None = None
    reports: int = 1
    merged: bool = False


class Seat(msgspec.Struct, frozen=True, omit_defaults=True):
    """An officer on the case. `check_in`: asked for a sign of life, or missed."""

    officer: UUID
    call_sign: str
    surname: str
    state: str
    check_in: str | None = None
    watch: str | None = None


class DeskCase(View, frozen=True, kw_only=True, tag="desk_case"):
    """The case as its station's desk works it. `reports`: cases that were merged into it; `merged_into`: the case that
    stands for it."""

    case: UUID
    seq: int
    station: str
    status: str
    category: str
    words: str
    place: Place
    received_ago_ms: int
    round: int
    seats: int
    remaining_ms: int | None = None
    desk_reason: str | None = None
    acknowledged: bool = False
    alarms: int = 0
    holders: tuple[Seat, ...] = ()
    disposition: str | None = None
    exercise: bool = False
    channel: str = "web"
    last: str = ""
    owner: UUID | None = None
    objected: bool = False
    stars: int | None = None
    quiet_ms: int | None = None
    appointment: Appointed | None = None
    referred_to: str | None = None
    manner: str | None = None
    reports: tuple[UUID, ...] = ()
    merged_into: UUID | None = None


class Alarm(View, frozen=True, kw_only=True, tag="alarm"):
    """Nobody at a station's desk has acknowledged a case in time: for supervisors, the first alarm for the station's
    own, from the second on for all. `over`: somebody has, or it went elsewhere."""

    case: UUID
    station: str
    over: bool = False
    nr: int = 0
    category: str = ""
    words: str = ""
    place: Place | None = None
    received_ago_ms: int = 0
    desk_reason: str | None = None


class SaidLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody said on a case. `by`: reporter, officer or desk; `words` is empty when it was erased; `at`: UTC."""

    seq: int
    by: str
    words: str
    at: datetime
    officer: Person | None = None


class Said(View, frozen=True, kw_only=True, tag="said"):
    """Somebody said something on a case of yours."""

    case: UUID
    line: SaidLine


class ReadTo(View, frozen=True, kw_only=True, tag="read_to"):
    """You have read a case's talk up to this entry, on this screen or another one."""

    case: UUID
    upto: int


class Talk(View, frozen=True, kw_only=True, tag="talk"):
    """The talk on a case as it stands; replaces what the client held of it. `lines`: the latest, oldest first; `more`:
    earlier ones are read over HTTP. `upto`: where you have read to; `unread`: lines of others after it, 50: or more."""

    case: UUID
    lines: tuple[SaidLine, ...]
    more: bool = False
    upto: int = 0
    unread: int = 0


class OfficerDuty(View, frozen=True, kw_only=True, tag="officer"):
    """An officer of the station came on duty or went off."""

    officer: UUID
    call_sign: str
    surname: str
    on: bool


class Panic(View, frozen=True, kw_only=True, tag="help"):
    """An officer calls for help: to the desk, and to the officers nearest. Exact, and live by `moves`, until a
    person at the desk has cleared it (`over`). `place`: where it was raised; absent: nobody knows. `told`: how many
    officers were told beside the desk and who called."""

    panic: UUID
    officer: UUID
    call_sign: str
    surname: str
    station: str
    raised_at: datetime
    place: Place | None = None
    case: UUID | None = None
    over: bool = False
    told: int = 0


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="moved", omit_defaults=True):
    """Where somebody is now; latest wins, never resumed. To a reporter: coarse until near, delayed, with the range
    of the time of arrival, at first without a place. To a desk: its own officers on duty, live. To officers: who called
    for help near them."""

    call_sign: str
    place: Place | None = None
    officer: UUID | None = None
    case: UUID | None = None
    eta_s: tuple[int, int] | None = None


class Moves(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="moves"):
    """Several at once."""

    moved: tuple[Moved, ...]


class Past(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="past"):
    """Facts of a stream that were not for this viewer were passed: nothing is missing up to `at`."""

    at: dict[str, int]


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="welcome"):
    """The answer to hello. `resumed`: what follows is exactly what was missed; otherwise a snapshot follows, and
    `why` says why (new, epoch, token, trimmed, future, too_many).

    `at` lies beyond what is still to come: a client counts it when that has come, never before, lest a line that
    breaks between the two hides what was missed. After a welcome that is not resumed, token and offsets of before are
    worth nothing, and the new ones count with the snapshot. `beat`: of an officer on duty
    who has one, as GET /v1/areas names it."""

    v: int
    resumed: bool
    token: str
    at: dict[str, int]
    role: str
    why: str | None = None
    officer: UUID | None = None
    call_sign: str | None = None
    station: str | None = None
    on_duty: bool | None = None
    beat: str | None = None
    fix_interval_s: float | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="snapshot"):
    """Everything this viewer may see now; replaces what the client held. Then events after `at`. Bounded: the oldest
    come first, `left_out` counts those that did not fit."""

    at: dict[str, int]
    offers: tuple[Offer, ...] = ()
    held: tuple[HeldCase, ...] = ()
    cases: tuple[ReporterCase | DeskCase, ...] = ()
    officers: tuple[OfficerDuty, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    talks: tuple[Talk, ...] = ()
    panics: tuple[Panic, ...] = ()
    left_out: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="result", omit_defaults=True):
    """The answer to a message that carried `key`. `reason` is a stable code; `say` a sentence for people."""

    key: str
    ok: bool
    case: UUID | None = None
    reason: str | None = None
    say: str | None = None
    fence: int | None = None
    status: str | None = None
    more: dict[str, Any] | None = None


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="beat"):
    """Each 5 s: how many messages caused by facts this socket has been sent, and the top offsets."""

    sent: int
    at: dict[str, int]


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="problem"):
    """A message of the client's was not understood; the socket lives on where it can."""

    code: str
    say: str


Sent = (
    Offer
    | Gone
    | HeldCase
    | ReporterCase
    | DeskCase
    | Alarm
    | Said
    | ReadTo
    | Talk
    | OfficerDuty
    | Panic
    | Moves
    | Past
    | Welcome
    | Snapshot
    | Result
    | Beat
    | Problem
)
