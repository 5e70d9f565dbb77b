"""What a case is made of: ids, status, events, refusals. Plain frozen values, no behaviour."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dispatch.limits import HAND_BACKS_MAX

CaseId = NewType("CaseId", UUID)
OfficerId = NewType("OfficerId", UUID)
StationId = NewType("StationId", str)


class Status(StrEnum):
    """Where a case stands; what is stored, sent and shown."""

    RECEIVED = "received"
    OFFERED = "offered"
    CLAIMED = "claimed"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    AT_STATION = "at_station"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"  # another case stands for it


CLOSED = frozenset({Status.CLEARED, Status.WITHDRAWN, Status.MERGED})
HELD = frozenset({Status.CLAIMED, Status.EN_ROUTE, Status.ON_SCENE})


class Event(StrEnum):
    """What happened to a case; one entry each in its history."""

    RECEIVED = "received"
    OFFER_OPENED = "offer_opened"
    OFFER_WIDENED = "offer_widened"
    OFFER_JOINED = "offer_joined"
    DECLINED = "declined"
    SEAT_FILLED = "seat_filled"
    CLAIMED = "claimed"
    FELL_BACK = "fell_back"
    SENT_TO_DESK = "sent_to_desk"
    SET_OUT = "set_out"
    ARRIVED = "arrived"
    CLEARED = "cleared"
    HANDED_BACK = "handed_back"
    HANDED_TO_DESK = "handed_to_desk"
    SEAT_HANDED_BACK = "seat_handed_back"
    WITHDRAWN = "withdrawn"
    ACKNOWLEDGED = "acknowledged"
    ALARM_RAISED = "alarm_raised"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    CHECK_IN_ASKED = "check_in_asked"
    CHECKED_IN = "checked_in"
    CHECK_IN_MISSED = "check_in_missed"
    ADVISED = "advised"
    SAID = "said"
    TRANSFERRED = "transferred"
    SEAT_LEFT = "seat_left"
    TAKEN_BY_DESK = "taken_by_desk"
    OFFICER_ADDED = "officer_added"
    OFFICER_TAKEN_BACK = "officer_taken_back"
    LAST_TAKEN_BACK = "last_taken_back"
    REOFFERED = "reoffered"
    SECOND_ASKED = "second_asked"
    MET = "met"
    OBJECTED = "objected"
    RATED = "rated"
    RECLASSIFIED = "reclassified"
    PREEMPTED = "preempted"
    PREEMPTED_TO_DESK = "preempted_to_desk"
    NUDGED = "nudged"
    WATCH_ALARMED = "watch_alarmed"
    WATCH_EASED = "watch_eased"
    WELFARE_ASKED = "welfare_asked"
    WELFARE_ANSWERED = "welfare_answered"
    WELFARE_MISSED = "welfare_missed"
    SILENT = "silent"
    SILENT_TO_DESK = "silent_to_desk"
    PUT_ON_HOLD = "put_on_hold"
    WOKEN = "woken"
    HANDED_OVER = "handed_over"
    CAME_OVER = "came_over"
    APPOINTMENT_OFFERED = "appointment_offered"
    APPOINTMENT_ACCEPTED = "appointment_accepted"
    APPOINTMENT_DECLINED = "appointment_declined"
    ABSORBED = "absorbed"
    MERGED = "merged"
    FOLLOWED = "followed"
    SPLIT = "split"
    UNMERGED = "unmerged"
    PARTED = "parted"


class Actor(StrEnum):
    """Who acts. A service role acts for nobody: it only fires what is due."""

    REPORTER = "reporter"
    OFFICER = "officer"
    DESK = "desk"
    SUPERVISOR = "supervisor"
    SERVICE = "service"


class Channel(StrEnum):
    """How a report reached the police."""

    WEB = "web"  # the reporter's own phone
    TELEPHONE = "telephone"
    LETTER = "letter"
    COUNTER = "counter"


class Refusal(StrEnum):
    """Why not. A refusal is a returned value: a late officer is not an error."""

    TAKEN = "taken"  # another officer was first
    LATE = "late"  # the window had closed
    AT_DESK = "at_desk"  # the station has it
    WITHDRAWN = "withdrawn"  # the reporter took it back
    CLOSED = "closed"  # it is over
    NOT_OFFERED = "not_offered"  # never offered to this officer
    STALE_ROUND = "stale_round"  # the offer that was answered is not the present one
    STALE_FENCE = "stale_fence"  # somebody else holds the case by now, or this officer no longer does
    OFF_DUTY = "off_duty"
    NO_SLOT = "no_slot"  # already holds as many cases as the station allows
    DECLINED = "declined"  # declined in this round
    HANDED_BACK = "handed_back"  # handed this case back before
    ALREADY_HELD = "already_held"  # holds a seat of this case
    ILLEGAL = "illegal"  # the case's status does not allow it
    NOT_YOURS = "not_yours"  # not allowed for this person
    NOT_FOUND = "not_found"
    BUSY = "busy"  # nothing was decided; ask again with the same key
    HOLDS_CASE = "holds_case"  # cannot go off duty with an open case
    NOT_ASKED = "not_asked"  # nobody asks this officer for a sign of life, or whether all is well
    PANIC_OVER = "panic_over"  # somebody at a desk cleared it before
    ON_SCENE = "on_scene"  # nobody who is there is pulled away from a scene
    NOT_HIGHER = "not_higher"  # the case that the officer is wanted for is no more urgent
    CHECK_OPEN = "check_open"  # the officer was asked whether all is well, and has not answered yet
    KEY_REUSED = "key_reused"  # the same key came with another body
    TOO_OFTEN = "too_often"  # more lines of a talk in a minute than a person may say
    WRONG_WORD = "wrong_word"  # not the word of this assignment
    WORD_SPENT = "word_spent"  # too many wrong words were tried
    SUPERVISOR_ONLY = "supervisor_only"  # a hoax, or a case that the reporter objected to
    ANOTHER_SUPERVISOR = "another_supervisor"  # not whose own hoax was objected to
    OVERDUE = "overdue"  # the days for an objection are over
    RATED_BEFORE = "rated_before"  # a case is rated once
    TALK_FULL = "talk_full"  # the talk of this case holds as many lines as it may
    SEATS_FULL = "seats_full"  # as many officers as one case may have
    NOT_HOLDER = "not_holder"  # the officer whom the desk takes back holds no seat of the case
    ROUNDS_SPENT = "rounds_spent"  # offered as often as it may be: now a person decides
    NOBODY_NEAR = "nobody_near"  # nobody could be asked
    OTHER_STATION = "other_station"  # the officer is of a station that lends none
    ALREADY_ASKED = "already_asked"  # a second officer is wanted already
    MERGED = "merged"  # another case stands for it by now
    CIRCLE = "circle"  # a case merged into itself, or into one that was merged into it
    JOINED = "joined"  # others reported the same: one of them cannot end it for all
    REPORTS_FULL = "reports_full"  # as many reports as one case may stand for


class Disposition(StrEnum):
    """How a case ended."""

    FOUNDED = "founded"
    UNFOUNDED = "unfounded"
    GONE_ON_ARRIVAL = "gone_on_arrival"
    ADVICE_GIVEN = "advice_given"
    REFERRED = "referred"
    DUPLICATE = "duplicate"
    HOAX = "hoax"
    REPORT_TAKEN = "report_taken"


class DeskReason(StrEnum):
    """Why a case stands at the desk."""

    WINDOW_CLOSED = "window_closed"
    NOBODY_NEAR = "nobody_near"
    HANDED_BACK = "handed_back"
    ALL_DECLINED = "all_declined"
    SHIFT_END = "shift_end"
    UNMERGED = "unmerged"
    SPLIT = "split"
    DESK_FIRST = "desk_first"
    TO_CONFIRM = "to_confirm"  # of low trust: a person looks before officers are asked (dispatch/abuse)
    TAKEN_BACK = "taken_back"
    OBJECTED = "objected"
    PREEMPTED = "preempted"
    SILENT = "silent"
    HOLD_OVER = "hold_over"  # the time until which it was held, or the appointment, has come
    APPOINTMENT_DECLINED = "appointment_declined"
    HANDED_OVER = "handed_over"  # by another station's desk
    UNSTAFFED = "unstaffed"  # nobody is on shift where it happened


class Appointment(StrEnum):
    """What became of an appointment that the desk offered to the reporter."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"  # its time came without an answer


@dataclass(frozen=True, slots=True)
class Holder:
    """An officer on an active seat, with the fence that the seat was granted under."""

    officer: OfficerId
    fence: int


@dataclass(frozen=True, slots=True)
class End:
    """How a case stands to its end. `closed_at`, `closed_by`: when it was closed, and by whom (an account, an officer,
    a reporter's session), while it is; `objected`: the reporter did, and it has not been cleared since; `barred`: the
    supervisor whose hoax was objected to; `stars`: the rating, 1 to 5."""

    closed_at: datetime | None = None
    closed_by: UUID | None = None
    barred: UUID | None = None
    objected: bool = False
    stars: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """The part of a case that the rules look at. `deadline` is the database's time, timezone-aware UTC.

    `hand_backs_max`: the hand-back, counted by officers, with which the station wants the case at its desk.
    `recipients`, `declined` belong to the present round; `handed_back` to the whole life of the case.
    `check_in`: officers on scene who were asked for a sign of life and have not answered.
    `merged_into`: the case that stands for this one; `reports`: those that this one stands for, never merged further.
    `holders` are the officers on active seats, in the order in which they came. `fence` counts every change of
    round or holder; each holder's own fence is the count at which the seat was granted. `checks`:
    holders whose welfare check is open. `hold_until`: quiet at the desk until then. `going`, `there`: holders who have
    set out and those who have arrived.
    """

    status: Status
    round: int = 0
    wave: int = 0
    fence: int = 0
    seats: int = 1
    deadline: datetime | None = None
    acknowledged: bool = False
    recipients: frozenset[OfficerId] = frozenset()
    declined: frozenset[OfficerId] = frozenset()
    handed_back: frozenset[OfficerId] = frozenset()
    holders: tuple[Holder, ...] = ()
    disposition: Disposition | None = None
    hand_backs_max: int = HAND_BACKS_MAX
    check_in: frozenset[OfficerId] = frozenset()
    end: End = End()
    checks: frozenset[OfficerId] = frozenset()
    hold_until: datetime | None = None
    appointment: Appointment | None = None
    merged_into: CaseId | None = None
    reports: frozenset[CaseId] = frozenset()
    going: frozenset[OfficerId] = frozenset()
    there: frozenset[OfficerId] = frozenset()


@dataclass(frozen=True, slots=True)
class OfficerState:
    """The part of an officer that the rules look at: duty, and slots used of those allowed.

    `lent`: may be sent by the case's station, as its own officer or one of a station that lends.
    """

    id: OfficerId
    on_duty: bool
    held: int
    slots: int
    lent: bool = True


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of a case's history: enough to fold the case again from its entries alone.

    `officer` is whom the event concerns (claimant, holder, or the officer sent), not necessarily who acted: that is
    `by`. `into`: the case that stands for this one from now on; `others`: cases that come to this one, or leave it.
    """

    event: Event
    officer: OfficerId | None = None
    recipients: tuple[OfficerId, ...] = ()
    wave: int | None = None
    deadline: datetime | None = None
    disposition: Disposition | None = None
    at: datetime | None = field(default=None, compare=False)
    by: UUID | None = field(default=None, compare=False)
    stars: int | None = None
    into: CaseId | None = None
    others: tuple[CaseId, ...] = ()
