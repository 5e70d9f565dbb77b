"""The one table of what may happen to a case, and who may make it happen.

A migration loads `LEGAL` and `GUARDS` into the database, where one generic function applies them; a process
refuses to start on a database whose table differs. The README's diagram is drawn from `LEGAL`.
"""

from dataclasses import dataclass
from typing import Final

from dispatch.cases.values import Actor, Event, Status

S, E = Status, Event

# fmt: off
LEGAL: Final[dict[tuple[Status, Event], Status]] = {
    (S.RECEIVED, E.OFFER_OPENED):      S.OFFERED,     # citizen: officers nearby are asked at once
    (S.RECEIVED, E.SENT_TO_DESK):      S.AT_STATION,  # citizen: nobody is near, so a person at the desk has it now
    (S.OFFERED, E.OFFER_WIDENED):      S.OFFERED,     # desk: wider rings before the minute is over
    (S.OFFERED, E.OFFER_JOINED):       S.OFFERED,     # officer: came on duty, or near, while the window is open
    (S.OFFERED, E.DECLINED):           S.OFFERED,     # officer: not now, and do not ring again for this one
    (S.OFFERED, E.SEAT_FILLED):        S.OFFERED,     # officer: first of two who are needed
    (S.OFFERED, E.CLAIMED):            S.CLAIMED,     # officer: snatched, every seat is filled
    (S.OFFERED, E.FELL_BACK):          S.AT_STATION,  # citizen: the 60 seconds are a promise
    (S.OFFERED, E.SENT_TO_DESK):       S.AT_STATION,  # citizen: everyone near said no, so why wait
    (S.OFFERED, E.WITHDRAWN):          S.WITHDRAWN,   # citizen: no longer needed
    (S.CLAIMED, E.SET_OUT):            S.EN_ROUTE,    # citizen: sees the officer come
    (S.CLAIMED, E.ARRIVED):            S.ON_SCENE,    # officer: was next door
    (S.CLAIMED, E.HANDED_BACK):        S.OFFERED,     # officer: cannot go after all
    (S.CLAIMED, E.HANDED_TO_DESK):     S.AT_STATION,  # desk: handed back twice, a person decides
    (S.CLAIMED, E.REASSIGNED):         S.CLAIMED,     # desk: another officer is the better one
    (S.CLAIMED, E.WITHDRAWN):          S.WITHDRAWN,   # citizen: settled before anyone came
    (S.EN_ROUTE, E.ARRIVED):           S.ON_SCENE,    # citizen: the officer is here
    (S.EN_ROUTE, E.HANDED_BACK):       S.OFFERED,     # officer: stopped on the way
    (S.EN_ROUTE, E.HANDED_TO_DESK):    S.AT_STATION,  # desk: handed back twice, a person decides
    (S.EN_ROUTE, E.REASSIGNED):        S.CLAIMED,     # desk: the officer is needed elsewhere
    (S.EN_ROUTE, E.WITHDRAWN):         S.WITHDRAWN,   # citizen: settled before anyone came
    (S.EN_ROUTE, E.SET_OUT):           S.EN_ROUTE,    # desk: sees which of them are on the way
    (S.ON_SCENE, E.SET_OUT):           S.ON_SCENE,    # officer: goes to help who is there already
    (S.ON_SCENE, E.ARRIVED):           S.ON_SCENE,    # desk: who comes later is asked for signs of life too
    (S.ON_SCENE, E.CHECK_IN_ASKED):    S.ON_SCENE,    # officer: somebody asks whether all is well, in time
    (S.ON_SCENE, E.CHECKED_IN):        S.ON_SCENE,    # officer: all is well, one tap
    (S.ON_SCENE, E.CHECK_IN_MISSED):   S.ON_SCENE,    # desk: no answer, somebody must look
    (S.OFFERED, E.ADVISED):            S.OFFERED,     # citizen: it sounds like an emergency now, call
    (S.CLAIMED, E.ADVISED):            S.CLAIMED,     # citizen: likewise, whoever comes
    (S.EN_ROUTE, E.ADVISED):           S.EN_ROUTE,    # citizen: likewise
    (S.ON_SCENE, E.ADVISED):           S.ON_SCENE,    # citizen: likewise
    (S.AT_STATION, E.ADVISED):         S.AT_STATION,  # citizen: likewise, and the desk sees that it was said
    (S.ON_SCENE, E.CLEARED):           S.CLEARED,     # officer: done, with a disposition
    (S.AT_STATION, E.ACKNOWLEDGED):    S.AT_STATION,  # supervisor: a named person has seen it
    (S.AT_STATION, E.ALARM_RAISED):    S.AT_STATION,  # supervisor: nobody has
    (S.AT_STATION, E.ASSIGNED):        S.CLAIMED,     # desk: sends an officer
    (S.AT_STATION, E.CLEARED):         S.CLEARED,     # desk: answered by telephone or under the code
    (S.AT_STATION, E.WITHDRAWN):       S.WITHDRAWN,   # citizen: no longer needed

    (S.OFFERED, E.SAID):               S.OFFERED,     # citizen: has something to add before anybody has taken it
    (S.CLAIMED, E.SAID):               S.CLAIMED,     # officer: asks which gate, and how many there are
    (S.EN_ROUTE, E.SAID):              S.EN_ROUTE,    # citizen: they have gone round the corner
    (S.ON_SCENE, E.SAID):              S.ON_SCENE,    # officer: stands there and sees nobody
    (S.AT_STATION, E.SAID):            S.AT_STATION,  # desk: answers in writing, to who has no telephone

    # One of two, while the case waits for the other.
    (S.OFFERED, E.SEAT_HANDED_BACK):   S.OFFERED,     # officer: cannot wait any longer; the window runs on
    (S.AT_STATION, E.SEAT_HANDED_BACK): S.AT_STATION,  # desk: the officer who was kept will not come either
    # Who is still on the way, while others are there or have been.
    (S.ON_SCENE, E.SEAT_HANDED_BACK):  S.ON_SCENE,    # officer: cannot come to help after all; who is there goes on
    (S.ON_SCENE, E.HANDED_TO_DESK):    S.AT_STATION,  # desk: who was there has left, and who should follow cannot come

    # The end of a shift.
    (S.CLAIMED, E.TRANSFERRED):        S.AT_STATION,  # officer: the shift ends, the desk finds a successor
    (S.EN_ROUTE, E.TRANSFERRED):       S.AT_STATION,  # officer: the shift ends, the desk finds a successor
    (S.ON_SCENE, E.TRANSFERRED):       S.AT_STATION,  # desk: who stays beyond the shift's end needs a successor by name
    (S.CLAIMED, E.SEAT_LEFT):          S.CLAIMED,     # officer: the shift ends, the others go on
    (S.EN_ROUTE, E.SEAT_LEFT):         S.EN_ROUTE,    # officer: the shift ends, the others go on
    (S.ON_SCENE, E.SEAT_LEFT):         S.ON_SCENE,    # officer: the shift ends, the others go on

    # The desk's acts.
    (S.AT_STATION, E.TAKEN_BY_DESK):      S.AT_STATION,  # supervisor: one person answers for it by name
    (S.AT_STATION, E.REOFFERED):          S.OFFERED,     # desk: somebody may be near by now
    (S.CLAIMED, E.OFFICER_ADDED):         S.CLAIMED,     # desk: one is too few
    (S.EN_ROUTE, E.OFFICER_ADDED):        S.EN_ROUTE,    # desk: one is too few
    (S.ON_SCENE, E.OFFICER_ADDED):        S.ON_SCENE,    # officer: it turned out larger
    (S.CLAIMED, E.OFFICER_TAKEN_BACK):    S.CLAIMED,     # desk: the others suffice
    (S.EN_ROUTE, E.OFFICER_TAKEN_BACK):   S.EN_ROUTE,    # desk: the others suffice
    (S.ON_SCENE, E.OFFICER_TAKEN_BACK):   S.ON_SCENE,    # desk: the others suffice
    (S.CLAIMED, E.LAST_TAKEN_BACK):       S.AT_STATION,  # desk: needed elsewhere, a person decides who goes
    (S.EN_ROUTE, E.LAST_TAKEN_BACK):      S.AT_STATION,  # desk: needed elsewhere, a person decides who goes
    (S.ON_SCENE, E.LAST_TAKEN_BACK):      S.AT_STATION,  # desk: cannot stay, with a reason and never silently
    (S.CLAIMED, E.SECOND_ASKED):          S.CLAIMED,     # officer: not alone
    (S.EN_ROUTE, E.SECOND_ASKED):         S.EN_ROUTE,    # officer: not alone
    (S.ON_SCENE, E.SECOND_ASKED):         S.ON_SCENE,    # officer: not alone
    (S.AT_STATION, E.PUT_ON_HOLD):          S.AT_STATION,  # desk: nothing can be done before a certain time
    (S.AT_STATION, E.WOKEN):                S.AT_STATION,  # supervisor: what was put off is not forgotten
    (S.AT_STATION, E.HANDED_OVER):          S.AT_STATION,  # desk: another station's, or nobody is here tonight
    (S.AT_STATION, E.CAME_OVER):            S.AT_STATION,  # desk: the other station has its own 20 s
    (S.AT_STATION, E.APPOINTMENT_OFFERED):  S.AT_STATION,  # citizen: a time instead of waiting
    (S.AT_STATION, E.APPOINTMENT_ACCEPTED): S.AT_STATION,  # citizen: that time suits
    (S.AT_STATION, E.APPOINTMENT_DECLINED): S.AT_STATION,  # citizen: it does not, somebody must decide again

    # The word at the door; what may follow the end.
    (S.CLAIMED, E.MET):                S.CLAIMED,     # citizen: the right people have met
    (S.EN_ROUTE, E.MET):               S.EN_ROUTE,    # citizen: likewise, before the phone knew that it is there
    (S.ON_SCENE, E.MET):               S.ON_SCENE,    # citizen: likewise
    (S.CLEARED, E.OBJECTED):           S.AT_STATION,  # citizen: it is not solved, a supervisor must look
    (S.CLEARED, E.RATED):              S.CLEARED,     # citizen: says how it was
    (S.CLEARED, E.RECLASSIFIED):       S.CLEARED,     # supervisor: it ended otherwise, a hoax maybe

    # Pre-emption.
    (S.CLAIMED, E.PREEMPTED):          S.OFFERED,     # desk: something worse needs this officer, another may go here
    (S.EN_ROUTE, E.PREEMPTED):         S.OFFERED,     # desk: something worse needs this officer, another may go here
    (S.CLAIMED, E.PREEMPTED_TO_DESK):  S.AT_STATION,  # citizen: nobody else is near, so a person at the desk has it now
    (S.EN_ROUTE, E.PREEMPTED_TO_DESK): S.AT_STATION,  # citizen: nobody else is near, so a person at the desk has it now

    # The watch over officers on the way. Once somebody has been on scene nobody is taken off.
    (S.CLAIMED, E.NUDGED):             S.CLAIMED,     # officer: forgot to set out, or to say so
    (S.EN_ROUTE, E.NUDGED):            S.EN_ROUTE,    # officer: is asked first, before anybody else is told
    (S.ON_SCENE, E.NUDGED):            S.ON_SCENE,    # officer: is waited for by who is there already
    (S.CLAIMED, E.WATCH_ALARMED):      S.CLAIMED,     # desk: may simply telephone
    (S.EN_ROUTE, E.WATCH_ALARMED):     S.EN_ROUTE,    # desk: may simply telephone
    (S.ON_SCENE, E.WATCH_ALARMED):     S.ON_SCENE,    # desk: who is there may have to do without help
    (S.CLAIMED, E.WATCH_EASED):        S.CLAIMED,     # officer: comes nearer, so nothing more is asked
    (S.EN_ROUTE, E.WATCH_EASED):       S.EN_ROUTE,    # officer: comes nearer, so nothing more is asked
    (S.ON_SCENE, E.WATCH_EASED):       S.ON_SCENE,    # officer: comes nearer, so nothing more is asked
    (S.CLAIMED, E.WELFARE_ASKED):      S.CLAIMED,     # officer: may need help
    (S.EN_ROUTE, E.WELFARE_ASKED):     S.EN_ROUTE,    # officer: may need help
    (S.ON_SCENE, E.WELFARE_ASKED):     S.ON_SCENE,    # desk: has not heard of the officer for a while
    (S.OFFERED, E.WELFARE_ANSWERED):   S.OFFERED,     # officer: all is well; asked before another left the case
    (S.CLAIMED, E.WELFARE_ANSWERED):   S.CLAIMED,     # officer: all is well
    (S.EN_ROUTE, E.WELFARE_ANSWERED):  S.EN_ROUTE,    # officer: all is well
    (S.ON_SCENE, E.WELFARE_ANSWERED):  S.ON_SCENE,    # officer: all is well
    (S.AT_STATION, E.WELFARE_ANSWERED): S.AT_STATION, # officer: all is well; asked before another left the case
    (S.OFFERED, E.WELFARE_MISSED):     S.OFFERED,     # desk: the officer on the other seat has not answered
    (S.ON_SCENE, E.WELFARE_MISSED):    S.ON_SCENE,    # desk: sends help, and leaves the officer the case
    (S.AT_STATION, E.WELFARE_MISSED):  S.AT_STATION,  # desk: the officer on the other seat has not answered
    (S.CLAIMED, E.SILENT):             S.OFFERED,     # citizen: somebody else comes instead
    (S.EN_ROUTE, E.SILENT):            S.OFFERED,     # citizen: somebody else comes instead
    (S.CLAIMED, E.SILENT_TO_DESK):     S.AT_STATION,  # citizen: nobody else is near, so a person at the desk has it now
    (S.EN_ROUTE, E.SILENT_TO_DESK):    S.AT_STATION,  # citizen: nobody else is near, so a person at the desk has it now
    # Several reports of one incident.
    (S.OFFERED, E.MERGED):             S.MERGED,      # desk: it is the same incident, nobody goes twice
    (S.CLAIMED, E.MERGED):             S.MERGED,      # desk: likewise, before anybody has set out
    (S.EN_ROUTE, E.MERGED):            S.MERGED,      # desk: likewise; who is on scene is never called away so
    (S.AT_STATION, E.MERGED):          S.MERGED,      # desk: likewise
    (S.MERGED, E.FOLLOWED):            S.MERGED,      # citizen: another case stands for the report, the code goes along
    (S.MERGED, E.UNMERGED):            S.AT_STATION,  # desk: it was another incident, and has waited since its own hour
    (S.OFFERED, E.ABSORBED):           S.OFFERED,     # desk: one more report of it
    (S.CLAIMED, E.ABSORBED):           S.CLAIMED,     # officer: one more report of it
    (S.EN_ROUTE, E.ABSORBED):          S.EN_ROUTE,    # officer: one more report of it
    (S.ON_SCENE, E.ABSORBED):          S.ON_SCENE,    # officer: one more report of it
    (S.AT_STATION, E.ABSORBED):        S.AT_STATION,  # desk: one more report of it
    (S.OFFERED, E.SPLIT):              S.OFFERED,     # desk: there are two incidents, the other one is a case by itself
    (S.CLAIMED, E.SPLIT):              S.CLAIMED,     # desk: likewise
    (S.EN_ROUTE, E.SPLIT):             S.EN_ROUTE,    # desk: likewise
    (S.ON_SCENE, E.SPLIT):             S.ON_SCENE,    # officer: found two where one was reported
    (S.AT_STATION, E.SPLIT):           S.AT_STATION,  # desk: there are two incidents
    (S.OFFERED, E.PARTED):             S.OFFERED,     # desk: a report that was merged goes its own way again
    (S.CLAIMED, E.PARTED):             S.CLAIMED,     # desk: likewise
    (S.EN_ROUTE, E.PARTED):            S.EN_ROUTE,    # desk: likewise
    (S.ON_SCENE, E.PARTED):            S.ON_SCENE,    # desk: likewise
    (S.AT_STATION, E.PARTED):          S.AT_STATION,  # desk: likewise
    (S.CLEARED, E.PARTED):             S.CLEARED,     # desk: likewise, found out when this one was over
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may cause an event, and what they must show.

    `actors`: kinds of actor; nobody where another command's outcome causes it.
    `fence`: an officer must hold an active seat and carry the case's present fence.
    """

    actors: frozenset[Actor]
    fence: bool = False


def _by(*actors: Actor, fence: bool = False) -> Guard:
    return Guard(frozenset(actors), fence)


STATION_STAFF: Final = (Actor.DESK, Actor.SUPERVISOR)
"""The case's own desk, and supervisors at any station."""

GUARDS: Final[dict[Event, Guard]] = {
    E.OFFER_OPENED: _by(Actor.SERVICE),
    E.SENT_TO_DESK: _by(Actor.SERVICE),
    E.OFFER_WIDENED: _by(Actor.SERVICE),
    E.OFFER_JOINED: _by(Actor.SERVICE),
    E.DECLINED: _by(Actor.OFFICER),
    E.SEAT_FILLED: _by(),  # only a claim causes it
    E.CLAIMED: _by(),  # only a claim causes it
    E.FELL_BACK: _by(Actor.SERVICE),
    E.SET_OUT: _by(Actor.OFFICER, fence=True),
    E.ARRIVED: _by(Actor.OFFICER, fence=True),
    E.CLEARED: _by(Actor.OFFICER, *STATION_STAFF, fence=True),
    E.HANDED_BACK: _by(Actor.OFFICER, fence=True),
    E.HANDED_TO_DESK: _by(),  # only a hand-back causes it
    E.SEAT_HANDED_BACK: _by(),  # only a hand-back causes it
    E.WITHDRAWN: _by(Actor.REPORTER),
    E.ACKNOWLEDGED: _by(*STATION_STAFF),
    E.CHECK_IN_ASKED: _by(Actor.SERVICE),
    E.CHECKED_IN: _by(Actor.OFFICER, fence=True),
    E.CHECK_IN_MISSED: _by(Actor.SERVICE),
    E.ADVISED: _by(Actor.REPORTER),
    E.ALARM_RAISED: _by(Actor.SERVICE),
    E.SAID: _by(Actor.REPORTER, Actor.OFFICER, *STATION_STAFF, fence=True),
    E.MET: _by(Actor.OFFICER, fence=True),
    E.OBJECTED: _by(Actor.REPORTER),
    E.RATED: _by(Actor.REPORTER),
    E.RECLASSIFIED: _by(Actor.SUPERVISOR),
    E.TRANSFERRED: _by(Actor.OFFICER, fence=True),
    E.SEAT_LEFT: _by(),  # only a transfer causes it
    E.ASSIGNED: _by(*STATION_STAFF),
    E.REASSIGNED: _by(*STATION_STAFF),
    E.TAKEN_BY_DESK: _by(*STATION_STAFF),
    E.OFFICER_ADDED: _by(*STATION_STAFF),
    E.OFFICER_TAKEN_BACK: _by(*STATION_STAFF),  # and a pull, where others are on scene
    E.LAST_TAKEN_BACK: _by(),  # only taking back an officer causes it
    E.REOFFERED: _by(*STATION_STAFF),
    E.SECOND_ASKED: _by(Actor.OFFICER, fence=True),
    E.PREEMPTED: _by(),  # only a pull causes it
    E.PREEMPTED_TO_DESK: _by(),  # only a pull causes it
    E.NUDGED: _by(),  # only the watch causes it
    E.WATCH_ALARMED: _by(),  # only the watch causes it
    E.WATCH_EASED: _by(),  # only the watch causes it
    E.WELFARE_ASKED: _by(*STATION_STAFF),  # and the watch
    E.WELFARE_ANSWERED: _by(Actor.OFFICER, fence=True),
    E.WELFARE_MISSED: _by(),  # only an open check causes it
    E.SILENT: _by(),  # only an open check causes it
    E.SILENT_TO_DESK: _by(),  # only an open check causes it
    E.PUT_ON_HOLD: _by(*STATION_STAFF),
    E.WOKEN: _by(Actor.SERVICE),
    E.HANDED_OVER: _by(*STATION_STAFF, Actor.SERVICE),
    E.CAME_OVER: _by(),  # only handing over causes it
    E.APPOINTMENT_OFFERED: _by(*STATION_STAFF),
    E.APPOINTMENT_ACCEPTED: _by(Actor.REPORTER),
    E.APPOINTMENT_DECLINED: _by(Actor.REPORTER),
    E.ABSORBED: _by(*STATION_STAFF),
    E.MERGED: _by(),  # only another case's absorbing causes it
    E.FOLLOWED: _by(),  # only a merge or a split causes it
    E.SPLIT: _by(*STATION_STAFF),
    E.UNMERGED: _by(*STATION_STAFF),
    E.PARTED: _by(),  # only a report's unmerging causes it
}


def next_status(status: Status, event: Event) -> Status | None:
    """The status after `event`, or None where the table does not allow it."""
    return LEGAL.get((status, event))
