"""The case machine: told what somebody wants and what time it is, it answers with what happened or a refusal.

It reads no clock, socket or database. It specifies; the SQL functions in `adapters/postgres` judge with the same
guards in the same order, and a contract test compares the two over every combination.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dispatch.cases import check_in, closing, desk_acts, duplicates, going, handing_back, leaving, welfare
from dispatch.cases.lifecycle import GUARDS, STATION_STAFF, next_status
from dispatch.cases.values import (
    CLOSED,
    HELD,
    Actor,
    Case,
    CaseId,
    Disposition,
    Event,
    Happened,
    Holder,
    OfficerId,
    OfficerState,
    Refusal,
    Status,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """An officer wants the case as offered in `round`."""

    officer: OfficerState
    round: int


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody wants `event` to happen.

    `officer`: the acting officer, or the one the desk sends. `fence`: what the acting officer was granted.
    `recipients`, `deadline`: of the new round, where the event opens one. `by`: who acts, by the id of the account.
    `others`: cases that come to this one, or leave it; `into`: the one that stands for it from now on.
    """

    event: Event
    actor: Actor
    officer: OfficerState | None = None
    fence: int | None = None
    round: int | None = None
    recipients: tuple[OfficerId, ...] = ()
    wave: int | None = None
    deadline: datetime | None = None
    disposition: Disposition | None = None
    by: UUID | None = None
    stars: int | None = None
    into: CaseId | None = None
    others: tuple[CaseId, ...] = ()


def decide(case: Case, command: Claim | Act, now: datetime) -> Happened | Refusal:
    """What follows from `command` at `now` (the database's time, read after the case was locked)."""
    if isinstance(command, Claim):
        refusal = judge_claim(case, command, now)
        if refusal is not None:
            return refusal
        filled = len(case.holders) + 1 >= case.seats
        return Happened(Event.CLAIMED if filled else Event.SEAT_FILLED, command.officer.id)
    refusal = judge_act(case, command, now)
    if refusal is not None:
        return refusal
    return Happened(
        _resolved(case, command),
        command.officer.id if command.officer else None,
        command.recipients,
        command.wave,
        command.deadline,
        command.disposition,
        now,
        command.by,
        command.stars,
        into=command.into,
        others=command.others,
    )


def judge_claim(case: Case, claim: Claim, now: datetime) -> Refusal | None:
    """The guards of a claim, in the order in which their answers matter to the officer; None grants it.

    The window is half-open: a claim at exactly the deadline is late. Who was never asked learns nothing more.
    """
    officer = claim.officer
    assert case.status is not Status.OFFERED or case.deadline is not None, "an open offer has a deadline"
    answers: tuple[tuple[bool, Refusal], ...] = (
        (case.status is Status.CLEARED, Refusal.CLOSED),
        (case.status is Status.WITHDRAWN, Refusal.WITHDRAWN),
        (case.status is Status.MERGED, Refusal.MERGED),
        (any(h.officer == officer.id for h in case.holders), Refusal.ALREADY_HELD),
        (claim.round != case.round, Refusal.STALE_ROUND),
        (officer.id not in case.recipients, Refusal.NOT_OFFERED),
        (case.status is Status.AT_STATION, Refusal.AT_DESK),
        (case.status in HELD, Refusal.TAKEN),
        (case.status is not Status.OFFERED, Refusal.NOT_OFFERED),
        (case.deadline is None or now >= case.deadline, Refusal.LATE),
        (officer.id in case.declined, Refusal.DECLINED),
        (officer.id in case.handed_back, Refusal.HANDED_BACK),
        (not officer.on_duty, Refusal.OFF_DUTY),
        (officer.held >= officer.slots, Refusal.NO_SLOT),
    )
    return next((refusal for holds, refusal in answers if holds), None)


def judge_act(case: Case, act: Act, now: datetime) -> Refusal | None:
    """The guards of every other event; None allows it."""
    return _judge_act(case, act, now) or closing.judge(case, act, now)


def _judge_act(case: Case, act: Act, now: datetime) -> Refusal | None:
    guard, event, officer = GUARDS[act.event], act.event, act.officer
    if act.actor not in guard.actors:
        return Refusal.NOT_YOURS
    if case.status in CLOSED and next_status(case.status, event) is None:
        return Refusal.MERGED if case.status is Status.MERGED else Refusal.CLOSED
    if guard.fence and act.actor is Actor.OFFICER:
        assert officer is not None, "an officer's act names the officer"
        if Holder(officer.id, act.fence or 0) not in case.holders:
            return Refusal.STALE_FENCE
    if next_status(case.status, _resolved(case, act)) is None:
        return Refusal.ILLEGAL
    if event is Event.DECLINED:
        return _judge_decline(case, act)
    if event in (Event.ASSIGNED, Event.REASSIGNED):
        return desk_acts.judge_sent(case, officer, act.actor)
    if event in check_in.EVENTS:
        return check_in.judge(case, event, officer)
    if event in desk_acts.ACTS:
        return desk_acts.judge(case, event, act.actor, officer, bool(act.recipients), now)
    if event in welfare.ACTS:
        return welfare.judge(case, event, officer)
    if event in going.EVENTS:
        return going.judge(case, event, officer)
    if event is Event.CLEARED and act.actor in STATION_STAFF and case.holders:
        return Refusal.NOT_YOURS
    if event is Event.CLEARED and act.actor is Actor.OFFICER and officer is not None and officer.id not in case.there:
        return Refusal.ILLEGAL  # kept on a seat, or still on the way: who has not been there does not say how it ended
    if event is Event.WITHDRAWN and case.reports:
        return Refusal.JOINED
    if event is Event.ACKNOWLEDGED and case.acknowledged:
        return Refusal.ILLEGAL
    if event is Event.FELL_BACK and (case.deadline is None or now < case.deadline):
        return Refusal.ILLEGAL
    return None


def _judge_decline(case: Case, act: Act) -> Refusal | None:
    assert act.officer is not None
    if act.round != case.round:
        return Refusal.STALE_ROUND
    if act.officer.id not in case.recipients:
        return Refusal.NOT_OFFERED
    return Refusal.DECLINED if act.officer.id in case.declined else None


def _resolved(case: Case, act: Act) -> Event:
    """What the act really causes, where that depends on how the case stands."""
    if act.event is Event.HANDED_BACK and act.officer is not None and case.status is Status.ON_SCENE:
        return handing_back.from_a_scene(case, act.officer.id)
    if act.event is Event.HANDED_BACK:
        return handing_back.resolved(case, bool(act.recipients))
    if act.event is Event.OFFICER_TAKEN_BACK and act.officer is not None:
        return desk_acts.taken_back(case, act.officer.id)
    return leaving.resolved(case, act.event, act.recipients)


def evolve(case: Case, happened: Happened) -> Case:
    """The case after `happened`. Facts are never refused: only `decide` may do that."""
    return going.evolve(welfare.evolve(_evolved(case, happened), happened), happened)


def _evolved(case: Case, happened: Happened) -> Case:
    event, officer = happened.event, happened.officer
    status = next_status(case.status, event)
    assert status is not None, f"{event} is not legal in {case.status}"
    case = closing.ended(replace(case, status=status), happened)
    if event is Event.OFFER_OPENED:
        return _new_round(case, happened)
    if event in (Event.OFFER_WIDENED, Event.OFFER_JOINED):
        wave = happened.wave if happened.wave is not None else case.wave
        return replace(case, wave=wave, recipients=case.recipients | frozenset(happened.recipients))
    if event in (Event.CLAIMED, Event.SEAT_FILLED, Event.ASSIGNED):
        assert officer is not None
        fence = case.fence + 1
        return replace(case, fence=fence, holders=(*case.holders, Holder(officer, fence)), hold_until=None)
    if event is Event.REASSIGNED:
        assert officer is not None
        return replace(case, fence=case.fence + 1, holders=(Holder(officer, case.fence + 1),))
    if event is Event.DECLINED:
        assert officer is not None
        return replace(case, declined=case.declined | {officer})
    if event in (Event.HANDED_BACK, Event.HANDED_TO_DESK, Event.SEAT_HANDED_BACK):
        case = handing_back.evolve(case, happened)
        return _new_round(case, happened) if event is Event.HANDED_BACK else case
    if event in leaving.EVENTS:
        left = leaving.evolve(case, happened)
        return _new_round(left, happened) if event in leaving.ROUNDS else left
    if event in check_in.EVENTS:
        return check_in.evolve(case, happened)
    if event in duplicates.EVENTS:
        return duplicates.evolve(case, happened)
    if event in (Event.CLEARED, Event.WITHDRAWN):
        return replace(case, holders=(), check_in=frozenset(), hold_until=None, fence=case.fence + 1)
    if event is Event.ACKNOWLEDGED:
        return replace(case, acknowledged=True)
    if event is Event.REOFFERED:
        return _new_round(replace(case, fence=case.fence + 1, acknowledged=False, hold_until=None), happened)
    return desk_acts.evolve(case, happened)


def _new_round(case: Case, happened: Happened) -> Case:
    return replace(
        case,
        round=case.round + 1,
        wave=1 if happened.wave is None else happened.wave,
        deadline=happened.deadline,
        recipients=frozenset(happened.recipients),
        declined=frozenset(),
    )


def replay(happened: Iterable[Happened], seats: int = 1) -> Case:
    """The case that its history tells, folded from the first entry."""
    case = Case(Status.RECEIVED, seats=seats)
    for entry in happened:
        case = evolve(case, entry)
    return case
