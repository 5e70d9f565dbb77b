"""Leads about the desk's acts, the end of a case and what follows it, and limits that chance does not reach."""

from typing import Final
from uuid import UUID

from dispatch.cases.facts import CaseState
from dispatch.cases.values import Disposition, Event, Refusal, Status
from dispatch.limits import OBJECTION_S, WORD_TRIES_MAX
from dispatch.people.values import Role
from gateway.wire.desk_messages import AddOfficer, AnswerAppointment, OfferAppointment, Reoffer, TakeBack
from gateway.wire.grouping import Merge, Unmerge
from gateway.wire.messages import (
    Acknowledge,
    Assign,
    Cleared,
    HandBack,
    Met,
    Object,
    Rate,
    Reclassify,
    Say,
    Transfer,
    Withdraw,
)
from tests.contract.anywhere import key
from tests.contract.leading import CATEGORIES, WAY, Aside, Lead, lead

OFFERED_BY_ITSELF: Final = tuple(one for one in CATEGORIES if one != "first")  # the others are the desk's at once


# --- the end and after it
def over(by: Lead) -> CaseState:
    """A case that was cleared, maybe just now."""
    states = [by.walk.run(by.world.state(case)) for case in by.world.cases]
    cleared = [one for one in states if one.status is Status.CLEARED]
    if cleared and by.dice.random() < 0.5:
        return by.dice.choice(cleared)
    case = by.bring(Status.ON_SCENE)
    there = [holder.officer for holder in by.now(case).holders if holder.state == "on_scene"]
    if not there:
        raise Aside
    by.officer_says(Cleared, case, by.dice.choice(there), disposition=Disposition.REPORT_TAKEN)
    return by.now(case)


@lead(Event.RATED, refusals=[Refusal.RATED_BEFORE])
def rated_twice(by: Lead) -> None:
    case = over(by)
    for _ in range(2):
        by.say(Rate, case, Role.REPORTER)


@lead(Event.RECLASSIFIED, Event.OBJECTED, refusals=[Refusal.SUPERVISOR_ONLY, Refusal.ANOTHER_SUPERVISOR])
def a_hoax_objected_to(by: Lead) -> None:
    case = over(by)
    by.say(Reclassify, case, Role.SUPERVISOR, disposition=Disposition.HOAX)
    by.say(Object, case, Role.REPORTER)
    by.say(Acknowledge, case, Role.DESK)
    by.say(Acknowledge, case, Role.SUPERVISOR)
    by.say(Acknowledge, case, Role.SUPERVISOR, first=False)


@lead(refusals=[Refusal.OVERDUE])
def objected_to_after_two_weeks(by: Lead) -> None:
    case = over(by)
    with by.later(case, OBJECTION_S):
        by.say(Object, case, Role.REPORTER)


@lead(Event.MET, refusals=[Refusal.WRONG_WORD, Refusal.WORD_SPENT])
def the_word_at_the_door(by: Lead) -> None:
    """Said by one; guessed too often by another, who then does not know it any more."""
    case = by.bring(by.dice.choice([*WAY, Status.ON_SCENE]))
    holder = by.holder(case)
    by.officer_says(Met, case, holder.officer, word=holder.word)
    case = by.bring(by.dice.choice([*WAY, Status.ON_SCENE]), but=case)
    holder = by.holder(case)
    for n in range(WORD_TRIES_MAX):
        by.officer_says(Met, case, holder.officer, word=f"{(int(holder.word) + n + 1) % 10_000:04}")
    by.officer_says(Met, case, holder.officer, word=holder.word)


# --- limits and repetitions
@lead(Event.SAID, refusals=[Refusal.TOO_OFTEN, Refusal.TALK_FULL])
def too_many_words(by: Lead) -> None:
    case = by.bring(by.dice.choice([Status.OFFERED, *WAY, Status.ON_SCENE]))
    by.say(Say, case, Role.REPORTER)
    with by.limited("TALK_PER_MIN_MAX", 1):
        by.say(Say, case, Role.REPORTER)
    with by.limited("TALK_LINES_MAX", 1):
        by.say(Say, case, Role.DESK)


@lead(refusals=[Refusal.ROUNDS_SPENT])
def offered_too_often(by: Lead) -> None:
    case = by.bring(Status.AT_STATION)
    by.free(case.station, case)
    with by.limited("ROUNDS_MAX", by.now(case).round):
        by.desk_says(Reoffer, case)


@lead(refusals=[Refusal.SEATS_FULL])
def too_many_officers(by: Lead) -> None:
    case = by.bring(by.dice.choice([*WAY, Status.ON_SCENE]))
    officer = by.free(case.station, case)
    while len(by.now(case).holders) < by.now(case).seats:
        if not by.desk_says(AddOfficer, case, officer=officer).ok:
            raise Aside
        officer = by.free(case.station, case)
    with by.limited("SEATS_MAX", 1):
        by.desk_says(AddOfficer, case, officer=officer)


@lead(refusals=[Refusal.REPORTS_FULL])
def too_many_reports(by: Lead) -> None:
    case = by.bring(Status.AT_STATION)
    other = by.bring(by.dice.choice([Status.OFFERED, Status.AT_STATION]), but=case)
    with by.limited("REPORTS_MAX", 0):
        by.say(Merge, case, Role.SUPERVISOR, reports=[other.id])


@lead(refusals=[Refusal.LATE])
def claimed_late(by: Lead) -> None:
    case = by.bring(Status.OFFERED)
    by.wait(61.0, unseen=True)
    for officer in by.walk.run(by.world.asked(case))[:2]:
        by.claim(case, officer)


@lead(refusals=[Refusal.BUSY])
def claimed_while_a_row_is_held(by: Lead) -> None:
    case = by.bring(Status.OFFERED)
    officer = by.dice.choice(by.world.officers)
    by.walk.answered(by.world.claim_held_elsewhere(case.id, officer, case.round, key()))


@lead(refusals=[Refusal.KEY_REUSED])
def a_key_for_something_else(by: Lead) -> None:
    case, used = by.bring(by.dice.choice([Status.OFFERED, Status.AT_STATION, *WAY])), key()
    for words in ("One.", "Two."):
        by.say(Say, case, Role.REPORTER, key=used, words=words)


# --- who comes and goes
@lead(Event.OFFICER_ADDED, Event.OFFICER_TAKEN_BACK, Event.SEAT_LEFT, refusals=[Refusal.NOT_HOLDER])
def a_second_comes_and_goes(by: Lead) -> None:
    case = by.bring(by.dice.choice([*WAY, Status.ON_SCENE]))
    for leaves in (True, False):
        second = by.free(case.station, case)
        by.desk_says(AddOfficer, case, officer=second)
        if leaves:
            by.officer_says(Transfer, case, by.dice.choice((second, by.holder(case).officer)))
        else:
            for _ in range(2):
                by.desk_says(TakeBack, case, officer=second)


@lead(refusals=[Refusal.OTHER_STATION, Refusal.NOT_FOUND])
def somebody_who_may_not_be_sent(by: Lead) -> None:
    """A neighbour's, by a desk; nobody's, by anybody."""
    case = by.bring(Status.AT_STATION)
    theirs = "s2" if by.now(case).station == "s1" else "s1"
    by.say(Assign, case, Role.DESK, officer=by.world.officers[3 if theirs == "s2" else 0])
    by.desk_says(Assign, case, officer=UUID(int=4))


@lead(Event.HANDED_BACK)
def handed_back_while_others_are_near(by: Lead) -> None:
    case = by.bring(by.dice.choice(WAY), *OFFERED_BY_ITSELF)
    by.free(case.station, case)
    by.officer_says(HandBack, case, by.holder(case).officer)
    by.claim(case, by.free(case.station, case))


@lead(Event.HANDED_TO_DESK)
def handed_back_with_nobody_near(by: Lead) -> None:
    case = by.bring(by.dice.choice(WAY))
    with by.alone():
        by.officer_says(HandBack, case, by.holder(case).officer)


@lead(Event.SEAT_FILLED, Event.SEAT_HANDED_BACK, refusals=[Refusal.HANDED_BACK])
def a_seat_given_back_and_wanted_again(by: Lead) -> None:
    case = by.bring(Status.OFFERED, "pair")
    officer = by.free(case.station, case)
    by.claim(case, officer)
    by.officer_says(HandBack, case, officer)
    by.claim(case, officer)


@lead(Event.WITHDRAWN, refusals=[Refusal.WITHDRAWN, Refusal.CLOSED])
def withdrawn_while_it_is_offered(by: Lead) -> None:
    case = by.bring(Status.OFFERED)
    for _ in range(2):
        by.say(Withdraw, case, Role.REPORTER)
    by.claim(case, by.dice.choice(by.world.officers))


@lead(Event.SEAT_HANDED_BACK, refusals=[Refusal.ILLEGAL])
def who_is_still_to_come_does_not(by: Lead) -> None:
    """Of two one is on scene: a hand-back of who is there is refused, of the other not."""
    case = by.bring(Status.ON_SCENE)
    second = by.free(case.station, case)
    by.desk_says(AddOfficer, case, officer=second)
    for holder in by.now(case).holders:
        if holder.state == "on_scene" or holder.officer == second:
            by.officer_says(HandBack, case, holder.officer)


# --- several reports, appointments
@lead(Event.ABSORBED, Event.MERGED, Event.UNMERGED, Event.PARTED, refusals=[Refusal.JOINED, Refusal.MERGED])
def joined_and_parted(by: Lead) -> None:
    case = by.bring(by.dice.choice([Status.OFFERED, Status.AT_STATION, *WAY]))
    other = by.bring(by.dice.choice([Status.OFFERED, Status.AT_STATION]), but=case)
    by.say(Merge, case, Role.SUPERVISOR, reports=[other.id])
    by.say(Withdraw, case, Role.REPORTER)
    by.say(Say, other, Role.REPORTER)
    by.say(Unmerge, other, Role.SUPERVISOR)


@lead(Event.APPOINTMENT_OFFERED, Event.APPOINTMENT_DECLINED, Event.APPOINTMENT_ACCEPTED, Event.WOKEN)
def an_appointment(by: Lead) -> None:
    case = by.bring(Status.AT_STATION)
    for accept in (False, True):
        by.desk_says(OfferAppointment, case, hold_min=1, lasts_min=10)
        by.say(AnswerAppointment, case, Role.REPORTER, accept=accept)
    by.wait(61.0)
