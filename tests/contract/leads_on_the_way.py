"""Leads about officers on the way and on scene: signs of life, silence, the watch, pulls."""

from typing import Final
from uuid import UUID

from dispatch.cases.facts import CaseState
from dispatch.cases.values import Event, Refusal, Status
from dispatch.limits import CHECK_IN_ANSWER_MS, WATCH_DARK_S, WELFARE_MS
from dispatch.people.values import Role
from gateway.wire.desk_messages import AddOfficer
from gateway.wire.messages import Arrived, CheckIn, HandBack, SetOut
from gateway.wire.watch_messages import AllWell, AskWelfare, Preempt
from tests.contract.leading import CATEGORIES, WAY, Aside, Lead, lead

CHECK_IN_S: Final = 20.0  # of the category `scene`
PATIENCE_S: Final = 20.0  # of the category `waves`: each sign and each step of the watch
LOOK_S: Final = 11.0  # after a flush a sweeper has heard phones for long enough by then
NOT_URGENT: Final = tuple(one for one in CATEGORIES if one != "urgent")


# --- on scene
def asked_on_scene(by: Lead) -> CaseState:
    case = by.bring(Status.ON_SCENE, "scene")
    by.wait(CHECK_IN_S + 1)
    return case


def answer_check_ins(by: Lead, case: CaseState) -> None:
    for holder in by.now(case).holders:
        if holder.check_in is not None:
            by.officer_says(CheckIn, case, holder.officer)


@lead(Event.CHECK_IN_ASKED, Event.CHECKED_IN, refusals=[Refusal.NOT_ASKED])
def well_on_scene(by: Lead) -> None:
    case = asked_on_scene(by)
    answer_check_ins(by, case)
    by.officer_says(CheckIn, case, by.holder(case).officer)


@lead(Event.CHECK_IN_MISSED)
def no_answer_from_the_scene(by: Lead) -> None:
    case = asked_on_scene(by)
    by.wait(CHECK_IN_ANSWER_MS / 1000 + 1)
    if by.dice.random() < 0.7:
        answer_check_ins(by, case)


@lead(Event.WELFARE_ASKED, Event.WELFARE_MISSED, refusals=[Refusal.CHECK_OPEN])
def asked_after_on_scene(by: Lead) -> None:
    case = by.bring(Status.ON_SCENE)
    officer = by.holder(case).officer
    for _ in range(2):
        by.desk_says(AskWelfare, case, officer=officer)
    by.wait(WELFARE_MS / 1000 + 1)
    if by.dice.random() < 0.7:
        by.officer_says(AllWell, case, officer)


@lead(Event.WELFARE_MISSED)
def asked_after_while_another_leaves(by: Lead) -> None:
    """Two on a case; one is asked and the other hands it back: the case waits, and so does the question."""
    case = by.bring(Status.CLAIMED, "pair")
    asked, *others = by.now(case).holders
    by.desk_says(AskWelfare, case, officer=asked.officer)
    sooner_s = by.dice.choice([0.0, 70.0])  # with 70, the window is open when the question runs out
    by.wait(sooner_s, unseen=True)
    for other in others:
        by.officer_says(HandBack, case, other.officer)
    by.wait(WELFARE_MS / 1000 + 1 - sooner_s)
    by.officer_says(AllWell, case, asked.officer)


# --- on the way
def dark(by: Lead, steps: int) -> tuple[CaseState, UUID, float]:
    """Somebody on the way whose phone falls silent, and so many steps of the watch; how long a step waits."""
    case = by.bring(by.dice.choice(WAY))
    officer, own = by.holder(case).officer, case.category == "waves"
    by.go(officer, None)
    by.wait(LOOK_S)
    by.wait((PATIENCE_S if own else WATCH_DARK_S) + 1)
    pause_s = PATIENCE_S + 1 if own else 61.0
    for _ in range(steps - 1):
        by.wait(pause_s)
    return case, officer, PATIENCE_S + 1 if own else WELFARE_MS / 1000 + 1


@lead(Event.NUDGED, Event.WATCH_EASED)
def back_on_the_air(by: Lead) -> None:
    _, officer, _ = dark(by, by.dice.randint(1, 3))
    by.go(officer, 0.0)
    by.wait(5.0)


@lead(Event.WATCH_ALARMED, Event.WELFARE_ASKED, Event.WELFARE_ANSWERED)
def asked_on_the_way_and_well(by: Lead) -> None:
    case, officer, _ = dark(by, 3)
    by.officer_says(AllWell, case, officer)


@lead(Event.ARRIVED)
def arrived_in_silence(by: Lead) -> None:
    case, officer, wait_s = dark(by, by.dice.randint(1, 3))
    if case.status is Status.CLAIMED and by.dice.random() < 0.5:
        by.officer_says(SetOut, case, officer)
    by.officer_says(Arrived, case, officer)
    by.wait(wait_s)


@lead(Event.SILENT)
def silent_to_the_end(by: Lead) -> None:
    case, officer, wait_s = dark(by, 3)
    by.free(case.station, case)
    by.wait(wait_s)
    by.go(officer, 0.0)


@lead(Event.SILENT_TO_DESK)
def silent_with_nobody_near(by: Lead) -> None:
    _, officer, wait_s = dark(by, 3)
    with by.alone(officer):
        by.wait(wait_s)
    by.go(officer, 0.0)


@lead(Event.NUDGED)
def no_nearer(by: Lead) -> None:
    """Standing still far away, or going the other way; then near after all."""
    case = by.bring(by.dice.choice(WAY), "waves")
    officer, away = by.holder(case).officer, by.dice.random() < 0.5
    for n in range(9):
        by.go(officer, 0.02 + 0.004 * n * away)
        by.wait(5.0)
    by.go(officer, by.dice.choice([0.0, None]))
    by.wait(5.0)


@lead(Event.NUDGED, Event.WELFARE_MISSED)
def silent_while_another_is_there(by: Lead) -> None:
    """The second on the case does not come: nobody is taken off, and the desk hears of it."""
    case = by.bring(Status.ON_SCENE, "waves")
    second = by.free(case.station, case)
    by.desk_says(AddOfficer, case, officer=second)
    by.go(second, None)
    by.wait(LOOK_S)
    for _ in range(4):
        by.wait(PATIENCE_S + 1)
    by.go(second, 0.0)
    if by.dice.random() < 0.5:
        by.officer_says(Arrived, case, second)


# --- pulled
def pulled(by: Lead, held: CaseState, *wanted: str, officer: UUID | None = None) -> None:
    worse = by.bring(Status.AT_STATION, *wanted, but=held)
    pull(by, held, worse, officer or by.holder(held).officer)


def pull(by: Lead, held: CaseState, worse: CaseState, officer: UUID) -> None:
    role = Role.SUPERVISOR if by.now(held).station != worse.station else by.dice.choice([Role.DESK, Role.SUPERVISOR])
    if worse.ending is not None and worse.ending.objected:
        role = Role.SUPERVISOR
    by.say(Preempt, worse, role, from_case=held.id, officer=officer)


@lead(Event.PREEMPTED)
def pulled_while_others_are_near(by: Lead) -> None:
    held = by.bring(by.dice.choice(WAY), *NOT_URGENT)
    by.free(held.station, held)
    pulled(by, held, "urgent")


@lead(Event.PREEMPTED_TO_DESK)
def pulled_with_nobody_near(by: Lead) -> None:
    held = by.bring(by.dice.choice(WAY), *NOT_URGENT)
    with by.alone():
        pulled(by, held, "urgent")


@lead(refusals=[Refusal.ON_SCENE])
def pulled_from_a_scene(by: Lead) -> None:
    case = by.bring(Status.ON_SCENE, *NOT_URGENT)
    there = [holder.officer for holder in case.holders if holder.state == "on_scene"]
    if not there:
        raise Aside
    pulled(by, case, "urgent", officer=by.dice.choice(there))


@lead(Event.OFFICER_TAKEN_BACK)
def pulled_before_arriving_where_another_is(by: Lead) -> None:
    case = by.bring(Status.ON_SCENE, *NOT_URGENT)
    second = by.free(case.station, case)
    by.desk_says(AddOfficer, case, officer=second)
    pulled(by, case, "urgent", officer=second)


@lead(refusals=[Refusal.CHECK_OPEN])
def pulled_while_asked_after(by: Lead) -> None:
    held = by.bring(by.dice.choice(WAY), *NOT_URGENT)
    officer = by.holder(held).officer
    worse = by.bring(Status.AT_STATION, "urgent", but=held)
    by.desk_says(AskWelfare, held, officer=officer)
    pull(by, held, worse, officer)


@lead(refusals=[Refusal.NOT_HIGHER])
def pulled_to_what_is_no_worse(by: Lead) -> None:
    pulled(by, by.bring(by.dice.choice(WAY), *NOT_URGENT), *NOT_URGENT)
