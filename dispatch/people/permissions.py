"""The one table of who may do what to what. Asked on every route and on every message of a socket.

A pair without a row is forbidden. A row says which relation to the object the act needs; `ANYONE` needs none.
Where the judge in the database decides better (who was asked, whose fence is the present one), the row says
`ANYONE` and the comment says who judges.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

from dispatch.people.values import Role, Who


class Act(StrEnum):
    """What somebody wants to do. The word of a socket message (`t`) is the act's word."""

    REPORT = "report"
    OPEN_RECEIPT = "open_receipt"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    READ_SESSIONS = "read_sessions"  # where one is signed in
    END_SESSION = "end_session"  # one of one's own, or all
    PROVE = "prove"  # once more who one is, before ending another one
    TICKET = "ticket"
    CONNECT = "hello"
    READ_ME = "read_me"
    READ_CASE = "read_case"
    READ_ENTRIES = "read_entries"  # the status history as its reporter sees it
    READ_HISTORY = "read_history"  # the whole chain
    CLAIM = "claim"
    ASK = "ask"  # what became of my act with this key
    DECLINE = "decline"
    SET_OUT = "set_out"
    ARRIVED = "arrived"
    CLEARED = "cleared"
    HAND_BACK = "hand_back"
    TRANSFER = "transfer"  # to the desk at the end of a shift
    ASK_WELFARE = "ask_welfare"  # are you well?
    ALL_WELL = "all_well"  # the answer, by one tap
    PREEMPT = "preempt"  # an officer pulled to a case of higher priority
    WITHDRAW = "withdraw"
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    MET = "met"  # the word at the door
    OBJECT = "object"  # not solved
    RATE = "rate"
    RECLASSIFY = "reclassify"  # how a cleared case ended
    MERGE = "merge"  # this case stands for others of the same incident
    SPLIT = "split"  # a second incident becomes a case of its own
    UNMERGE = "unmerge"
    READ_DUPLICATES = "read_duplicates"
    SAY = "say"  # a line of the talk on a case
    READ = "read"  # up to where I have read it
    READ_TALK = "read_talk"
    TAKE = "take"
    ADD = "add"
    TAKE_BACK = "take_back"
    REOFFER = "reoffer"
    HOLD = "hold"
    HAND_OVER = "hand_over"
    REFER = "refer"
    CLOSE_BY_TELEPHONE = "close_by_telephone"
    OFFER_APPOINTMENT = "offer_appointment"
    ANSWER_APPOINTMENT = "answer_appointment"
    DESK_SHIFT = "desk_shift"  # on shift at a desk
    SECOND_OFFICER = "second_officer"
    DUTY = "duty"
    FIX = "fix"
    CHECK_IN = "check_in"
    READ_PLACE = "read_place"  # hazards and earlier cases there
    READ_HAZARDS = "read_hazards"
    WRITE_HAZARD = "write_hazard"
    END_HAZARD = "end_hazard"
    PANIC = "panic"
    CLEAR_PANIC = "clear_panic"
    READ_DESK = "read_desk"
    READ_AREAS = "read_areas"
    IMPORT_AREAS = "import_areas"
    READ_CATEGORIES = "read_categories"
    ADVICE = "advice"  # does this sound like an emergency?
    ENTER = "enter"  # a report for somebody who called, wrote or came
    EXERCISE = "exercise"  # a report that is only practice
    READ_FIGURES = "read_figures"
    READ_FACTORS = "read_factors"  # by what I show who I am
    CHANGE_FACTORS = "change_factors"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - a word of ours, no password
    CONFIRM_PHONE = "confirm_phone"
    OPEN_IDENTITY = "open_identity"  # who reported, for a reason
    READ_AUDIT = "read_audit"  # who read what, who came and went
    READ_PEOPLE = "read_people"
    CHANGE_PEOPLE = "change_people"
    SUSPEND = "suspend"  # somebody's sessions end, they cannot sign in
    READ_TOWN = "read_town"  # stations and categories as they are set
    CHANGE_TOWN = "change_town"
    READ_CHANGES = "read_changes"
    RING = "ring"  # my phone, while its page is closed


class Relation(StrEnum):
    """How somebody stands to the object of an act."""

    ANYONE = "anyone"  # no relation needed
    SELF = "self"  # one's own session, duty, position, act
    OWN_CASE = "own_case"  # the reporter's, opened by its code
    OFFERED = "offered"  # the officer was asked in the present round
    HOLDER = "holder"  # the officer sits on an active seat
    OWN_STATION = "own_station"  # the case, officer or queue is of the person's station


R, A, Any_, Self, Case, Holder, Station = (
    Role, Act, Relation.ANYONE, Relation.SELF, Relation.OWN_CASE, Relation.HOLDER, Relation.OWN_STATION,
)  # fmt: skip

# fmt: off
TABLE: Final[dict[tuple[Role, Act], Relation]] = {
    # Anybody may report and look at the map; a signed-in person does not lose that.
    (R.NOBODY,     A.REPORT):          Any_,
    (R.REPORTER,   A.REPORT):          Any_,
    (R.OFFICER,    A.REPORT):          Any_,
    (R.DESK,       A.REPORT):          Any_,     # a call taken at the desk
    (R.SUPERVISOR, A.REPORT):          Any_,
    (R.ADMIN,      A.REPORT):          Any_,
    (R.NOBODY,     A.READ_AREAS):      Any_,
    (R.REPORTER,   A.READ_AREAS):      Any_,
    (R.OFFICER,    A.READ_AREAS):      Any_,
    (R.DESK,       A.READ_AREAS):      Any_,
    (R.SUPERVISOR, A.READ_AREAS):      Any_,
    (R.ADMIN,      A.READ_AREAS):      Any_,
    (R.NOBODY,     A.READ_CATEGORIES): Any_,
    (R.REPORTER,   A.READ_CATEGORIES): Any_,
    (R.OFFICER,    A.READ_CATEGORIES): Any_,
    (R.DESK,       A.READ_CATEGORIES): Any_,
    (R.SUPERVISOR, A.READ_CATEGORIES): Any_,
    (R.ADMIN,      A.READ_CATEGORIES): Any_,

    (R.NOBODY,     A.ADVICE):          Any_,
    (R.REPORTER,   A.ADVICE):          Any_,
    (R.OFFICER,    A.ADVICE):          Any_,
    (R.DESK,       A.ADVICE):          Any_,
    (R.SUPERVISOR, A.ADVICE):          Any_,
    (R.ADMIN,      A.ADVICE):          Any_,

    (R.OFFICER,    A.READ_FACTORS):    Self,
    (R.DESK,       A.READ_FACTORS):    Self,
    (R.SUPERVISOR, A.READ_FACTORS):    Self,
    (R.ADMIN,      A.READ_FACTORS):    Self,
    (R.OFFICER,    A.CHANGE_FACTORS):  Self,
    (R.DESK,       A.CHANGE_FACTORS):  Self,
    (R.SUPERVISOR, A.CHANGE_FACTORS):  Self,
    (R.ADMIN,      A.CHANGE_FACTORS):  Self,
    (R.OFFICER,    A.CHANGE_PASSWORD): Self,
    (R.DESK,       A.CHANGE_PASSWORD): Self,
    (R.SUPERVISOR, A.CHANGE_PASSWORD): Self,
    (R.ADMIN,      A.CHANGE_PASSWORD): Self,

    (R.NOBODY,     A.CONFIRM_PHONE):   Any_,
    (R.REPORTER,   A.CONFIRM_PHONE):   Any_,
    (R.OFFICER,    A.CONFIRM_PHONE):   Any_,
    (R.DESK,       A.CONFIRM_PHONE):   Any_,
    (R.SUPERVISOR, A.CONFIRM_PHONE):   Any_,
    (R.ADMIN,      A.CONFIRM_PHONE):   Any_,
    (R.DESK,       A.OPEN_IDENTITY):   Station,  # to call back; with a reason, which is entered
    (R.SUPERVISOR, A.OPEN_IDENTITY):   Any_,

    # Channels other than the reporter's own phone, and practice: by name, never by a stranger.
    (R.DESK,       A.ENTER):           Any_,     # the place decides the station, not the clerk
    (R.SUPERVISOR, A.ENTER):           Any_,
    (R.DESK,       A.EXERCISE):        Any_,
    (R.SUPERVISOR, A.EXERCISE):        Any_,

    # Signing in needs no session; what was open before stays open until it is signed out.
    (R.NOBODY,     A.SIGN_IN):         Any_,
    (R.REPORTER,   A.SIGN_IN):         Any_,
    (R.OFFICER,    A.SIGN_IN):         Any_,
    (R.DESK,       A.SIGN_IN):         Any_,
    (R.SUPERVISOR, A.SIGN_IN):         Any_,
    (R.ADMIN,      A.SIGN_IN):         Any_,
    (R.NOBODY,     A.OPEN_RECEIPT):    Any_,     # the code is the credential
    (R.REPORTER,   A.OPEN_RECEIPT):    Any_,
    (R.OFFICER,    A.OPEN_RECEIPT):    Any_,
    (R.DESK,       A.OPEN_RECEIPT):    Any_,
    (R.SUPERVISOR, A.OPEN_RECEIPT):    Any_,
    (R.ADMIN,      A.OPEN_RECEIPT):    Any_,

    (R.REPORTER,   A.SIGN_OUT):        Self,
    (R.OFFICER,    A.SIGN_OUT):        Self,
    (R.DESK,       A.SIGN_OUT):        Self,
    (R.SUPERVISOR, A.SIGN_OUT):        Self,
    (R.ADMIN,      A.SIGN_OUT):        Self,
    (R.REPORTER,   A.READ_ME):         Self,
    (R.OFFICER,    A.READ_ME):         Self,
    (R.DESK,       A.READ_ME):         Self,
    (R.SUPERVISOR, A.READ_ME):         Self,
    (R.ADMIN,      A.READ_ME):         Self,

    # One's own sessions: of the same account, or of the same case.
    (R.REPORTER,   A.READ_SESSIONS):  Self,
    (R.OFFICER,    A.READ_SESSIONS):  Self,
    (R.DESK,       A.READ_SESSIONS):  Self,
    (R.SUPERVISOR, A.READ_SESSIONS):  Self,
    (R.ADMIN,      A.READ_SESSIONS):  Self,
    (R.REPORTER,   A.END_SESSION):    Self,
    (R.OFFICER,    A.END_SESSION):    Self,
    (R.DESK,       A.END_SESSION):    Self,
    (R.SUPERVISOR, A.END_SESSION):    Self,
    (R.ADMIN,      A.END_SESSION):    Self,
    (R.OFFICER,    A.PROVE):          Self,
    (R.DESK,       A.PROVE):          Self,
    (R.SUPERVISOR, A.PROVE):          Self,
    (R.ADMIN,      A.PROVE):          Self,

    # Live: who has something to follow.
    (R.REPORTER,   A.TICKET):          Self,
    (R.OFFICER,    A.TICKET):          Self,
    (R.DESK,       A.TICKET):          Self,
    (R.REPORTER,   A.CONNECT):         Self,
    (R.OFFICER,    A.CONNECT):         Self,
    (R.DESK,       A.CONNECT):         Self,

    # The reporter: one case, the own one.
    (R.REPORTER,   A.READ_CASE):       Case,
    (R.REPORTER,   A.READ_ENTRIES):    Case,
    (R.REPORTER,   A.WITHDRAW):        Case,
    (R.REPORTER,   A.ASK):             Self,

    # The officer.
    (R.OFFICER,    A.CLAIM):           Any_,     # the judge knows who was asked
    (R.OFFICER,    A.DECLINE):         Any_,     # likewise
    (R.OFFICER,    A.SET_OUT):         Any_,     # the fence decides
    (R.OFFICER,    A.ARRIVED):         Any_,     # the fence decides
    (R.OFFICER,    A.CLEARED):         Any_,     # the fence decides
    (R.OFFICER,    A.HAND_BACK):       Any_,     # the fence decides
    (R.OFFICER,    A.TRANSFER):        Any_,     # the fence decides
    (R.OFFICER,    A.SECOND_OFFICER):  Any_,     # the fence decides
    (R.OFFICER,    A.ALL_WELL):        Any_,     # the fence decides
    (R.OFFICER,    A.ASK):             Self,
    (R.OFFICER,    A.DUTY):            Self,
    (R.OFFICER,    A.FIX):             Self,
    (R.OFFICER,    A.CHECK_IN):        Any_,     # the fence decides
    (R.OFFICER,    A.PANIC):           Self,
    (R.OFFICER,    A.RING):            Self,

    # What is known of a place: for who goes there, and those who send them.
    (R.OFFICER,    A.READ_PLACE):      Holder,
    (R.DESK,       A.READ_PLACE):      Station,
    (R.SUPERVISOR, A.READ_PLACE):      Any_,
    (R.DESK,       A.READ_HAZARDS):    Station,
    (R.SUPERVISOR, A.READ_HAZARDS):    Any_,
    (R.DESK,       A.WRITE_HAZARD):    Station,
    (R.SUPERVISOR, A.WRITE_HAZARD):    Any_,
    (R.DESK,       A.END_HAZARD):      Any_,     # the judge compares the stations
    (R.SUPERVISOR, A.END_HAZARD):      Any_,

    # A call for help is ended by a person at a desk, never by who made it: they might be made to.
    (R.DESK,       A.CLEAR_PANIC):     Any_,     # the judge compares the stations
    (R.SUPERVISOR, A.CLEAR_PANIC):     Any_,

    (R.OFFICER,    A.READ_CASE):       Holder,   # the exact place and the words open to the winner only

    # The desk: its own station's queue, officers and cases.
    (R.DESK,       A.READ_DESK):       Station,
    (R.DESK,       A.READ_CASE):       Station,
    (R.DESK,       A.READ_HISTORY):    Station,
    (R.DESK,       A.READ_FIGURES):    Station,
    (R.DESK,       A.ACKNOWLEDGE):     Station,
    (R.DESK,       A.ASSIGN):          Station,
    (R.DESK,       A.ASK_WELFARE):     Station,
    (R.DESK,       A.PREEMPT):         Station,  # of the case that needs the officer; the judge asks for both
    (R.DESK,       A.CLEARED):         Station,
    (R.DESK,       A.MERGE):           Station,  # of the case that stands for the others
    (R.DESK,       A.SPLIT):           Station,
    (R.DESK,       A.UNMERGE):         Station,  # of the case that was merged
    (R.DESK,       A.READ_DUPLICATES): Station,
    (R.DESK,       A.ASK):             Self,
    (R.DESK,       A.TAKE):            Station,
    (R.DESK,       A.ADD):             Station,
    (R.DESK,       A.TAKE_BACK):       Station,
    (R.DESK,       A.REOFFER):         Station,
    (R.DESK,       A.HOLD):            Station,
    (R.DESK,       A.HAND_OVER):       Station,
    (R.DESK,       A.REFER):           Station,
    (R.DESK,       A.CLOSE_BY_TELEPHONE): Station,
    (R.DESK,       A.OFFER_APPOINTMENT):  Station,
    (R.DESK,       A.DESK_SHIFT):      Self,
    (R.REPORTER,   A.ANSWER_APPOINTMENT): Case,

    # After the end: the reporter's last word, the supervisor's.
    (R.OFFICER,    A.MET):             Any_,     # the fence decides
    (R.REPORTER,   A.OBJECT):          Case,
    (R.REPORTER,   A.RATE):            Case,
    (R.SUPERVISOR, A.RECLASSIFY):      Any_,

    # The talk on a case: whoever may speak may read; the judge closes it with the case.
    (R.REPORTER,   A.SAY):             Case,
    (R.REPORTER,   A.READ):            Case,
    (R.REPORTER,   A.READ_TALK):       Case,
    (R.OFFICER,    A.SAY):             Any_,     # the fence decides
    (R.OFFICER,    A.READ):            Any_,     # the fence decides
    (R.OFFICER,    A.READ_TALK):       Holder,
    (R.DESK,       A.SAY):             Station,
    (R.DESK,       A.READ):            Station,
    (R.DESK,       A.READ_TALK):       Station,
    (R.SUPERVISOR, A.SAY):             Any_,
    (R.SUPERVISOR, A.READ):            Any_,
    (R.SUPERVISOR, A.READ_TALK):       Any_,

    # The supervisor reads every station and may do at each what its desk may: who answers an alarm must be able to act.
    (R.SUPERVISOR, A.ACKNOWLEDGE):     Any_,
    (R.SUPERVISOR, A.ASSIGN):          Any_,
    (R.SUPERVISOR, A.CLEARED):         Any_,
    (R.SUPERVISOR, A.TAKE):            Any_,
    (R.SUPERVISOR, A.ADD):             Any_,
    (R.SUPERVISOR, A.TAKE_BACK):       Any_,
    (R.SUPERVISOR, A.REOFFER):         Any_,
    (R.SUPERVISOR, A.ASK_WELFARE):     Any_,
    (R.SUPERVISOR, A.PREEMPT):         Any_,
    (R.SUPERVISOR, A.HOLD):            Any_,
    (R.SUPERVISOR, A.HAND_OVER):       Any_,
    (R.SUPERVISOR, A.REFER):           Any_,
    (R.SUPERVISOR, A.CLOSE_BY_TELEPHONE): Any_,
    (R.SUPERVISOR, A.OFFER_APPOINTMENT):  Any_,
    (R.SUPERVISOR, A.TICKET):          Self,     # hears alarms
    (R.SUPERVISOR, A.CONNECT):         Self,
    (R.SUPERVISOR, A.ASK):             Self,
    (R.SUPERVISOR, A.READ_DESK):       Any_,
    (R.SUPERVISOR, A.READ_CASE):       Any_,
    (R.SUPERVISOR, A.READ_HISTORY):    Any_,
    (R.SUPERVISOR, A.READ_DUPLICATES): Any_,
    (R.SUPERVISOR, A.MERGE):           Any_,
    (R.SUPERVISOR, A.SPLIT):           Any_,
    (R.SUPERVISOR, A.UNMERGE):         Any_,
    (R.SUPERVISOR, A.READ_FIGURES):    Any_,

    (R.SUPERVISOR, A.READ_AUDIT):      Any_,     # of cases and stations; the handler compares the chain
    (R.ADMIN,      A.READ_AUDIT):      Any_,     # of accounts and the town

    # The admin sets the town up and sees no case.
    (R.ADMIN,      A.IMPORT_AREAS):    Any_,
    (R.ADMIN,      A.READ_PEOPLE):     Any_,
    (R.ADMIN,      A.CHANGE_PEOPLE):   Any_,
    (R.ADMIN,      A.SUSPEND):         Any_,
    (R.ADMIN,      A.READ_TOWN):       Any_,
    (R.ADMIN,      A.CHANGE_TOWN):     Any_,
    (R.ADMIN,      A.READ_CHANGES):    Any_,
    (R.ADMIN,      A.READ_FIGURES):    Any_,     # beside the policies; figures name nobody
    # A supervisor sees how the town is set and who changed it, and stops a phone that is in wrong hands.
    (R.SUPERVISOR, A.READ_PEOPLE):     Any_,
    (R.SUPERVISOR, A.READ_TOWN):       Any_,
    (R.SUPERVISOR, A.READ_CHANGES):    Any_,
    (R.SUPERVISOR, A.SUSPEND):         Any_,     # officers and desks, and only out: dispatch.admin.service
}
# fmt: on


def allowed(role: Role, act: Act, relations: frozenset[Relation] = frozenset()) -> bool:
    """May `role` do `act` to an object to which the person stands in `relations`?"""
    needed = TABLE.get((role, act))
    return needed is not None and (needed is Relation.ANYONE or needed in relations)


def may_ever(role: Role, act: Act) -> bool:
    """Is there any object to which `role` may do `act`?"""
    return (role, act) in TABLE


def relations_of(
    who: Who, *, case: UUID | None = None, station: str | None = None, holders: frozenset[UUID] = frozenset()
) -> frozenset[Relation]:
    """How `who` stands to a case (its id, its station, the officers on its seats), or to a station alone."""
    found = set()
    if case is not None and who.case == case:
        found.add(Relation.OWN_CASE)
    if station is not None and who.station == station:
        found.add(Relation.OWN_STATION)
    if who.officer is not None and who.officer in holders:
        found.add(Relation.HOLDER)
    return frozenset(found)


SELF: Final = frozenset({Relation.SELF})
