"""Reports, claims and acts, judged by the case machine: the answers of report_cases, claim_cases and act_on_case."""

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory import check_ins, desk, endings, grouping, talking, watching
from dispatch.adapters.memory.rows import CaseRow, Kept, OfficerRow, Records, utc
from dispatch.adapters.memory.steps import (
    WELFARE,
    WINDOW,
    digest_of,
    drop_timers,
    end_seats,
    go_on,
    grant_seat,
    hand_seat_back,
    handed_to_desk,
    happen,
    must,
    pause_us,
    put_wave,
    send_to_desk,
    set_timer,
    transfer,
    window_us,
)
from dispatch.cases import duplicates, welfare
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.machine import Act, Claim
from dispatch.cases.ports import ActDraft, ClaimDraft, ReportDraft
from dispatch.cases.values import Actor, Case, Disposition, Event, Happened, OfficerId, OfficerState, Refusal, Status
from dispatch.talk.threads import READ

QUIET = frozenset({Event.PUT_ON_HOLD, Event.APPOINTMENT_OFFERED})  # the desk waits until a time


def again(kept: Kept, hash_: str, ok: bool, reason: str | None) -> Answer:
    """The stored answer, or that the key came with another body."""
    if kept.hash != hash_:
        return Answer(ok=False, reason=Refusal.KEY_REUSED, response={})
    return Answer(ok=ok, reason=reason, response=dict(kept.response))


def _answered(answer: Answer, ok: bool, reason: str | None, response: dict[str, Any]) -> Answer:
    return Answer(ok=ok, reason=reason, response=dict(response), facts=answer.facts, state=answer.state)


# --- reports
def report_one(db: Records, x: ReportDraft, us: int) -> Answer:
    """The case of this key: a new one, or the one that the key made before."""
    kept = db.kept.get((x.scope, x.key))
    if kept is not None:
        return again(kept, x.hash, True, "again")
    category = db.categories[x.category]
    to = db.eligible(x.station, x.category, x, (), us)
    row = CaseRow(
        id=x.id,
        station=x.station,
        category=x.category,
        words=x.words,
        lat=x.lat,
        lon=x.lon,
        accuracy_m=x.accuracy_m,
        exercise=x.exercise,
        channel=x.channel,
        received_us=us,
        core=Case(Status.RECEIVED, seats=category.seats),
    )
    db.cases[x.id] = row
    words = hashlib.sha256(bytes.fromhex(x.salt) + x.words.encode()).hexdigest()
    body: dict[str, Any] = {
        "category": x.category,
        "lat": x.lat,
        "lon": x.lon,
        "seats": category.seats,
        "words": words,
    } | x.noted
    body |= {"exercise": True} if x.exercise else {}
    facts = [db.append(row, Event.RECEIVED, x.reporter, None, body, us)]
    nobody, why = not to and x.last_wave, "nobody_near"
    if x.desk_first:
        why = "to_confirm" if "confirm" in x.noted else "desk_first"
    facts.append(send_to_desk(db, row, why, us) if nobody else _open(db, row, x, to, us))
    response = {"case": str(x.id), "station": x.station, "status": str(row.core.status)}
    db.kept[x.scope, x.key] = Kept(x.hash, response)
    return _answered(db.answer(row, facts, to), True, None, response)


def _open(db: Records, row: CaseRow, x: ReportDraft, to: tuple[UUID, ...], us: int) -> Fact:
    row.deadline_us = us + window_us(db, row)
    must(row, Act(Event.OFFER_OPENED, Actor.SERVICE, recipients=tuple(map(OfficerId, to)), wave=x.wave,
                  deadline=utc(row.deadline_us)), us)  # fmt: skip
    body = {
        "round": row.core.round, "wave": row.core.wave, "ring_m": x.ring_m, "window_ms": window_us(db, row) // 1000,
        "asked": len(to), "deadline_us": row.deadline_us, "recipients": digest_of(to),
    }  # fmt: skip
    fact = db.append(row, Event.OFFER_OPENED, Actor.SERVICE, None, body, us)
    # Everyone in this ring had just become busy: the next one is due at once.
    put_wave(db, row, to, x.last_wave, us, pause_us(db, row, x.pause_ms) if to else 0)
    set_timer(db, row, WINDOW, row.deadline_us)
    return fact


# --- claims
def claim_one(db: Records, x: ClaimDraft, us: int) -> Answer:
    """Won or refused; what was answered to a key is answered to it for ever."""
    scope = f"officer:{x.officer}"
    kept = db.kept.get((scope, x.key))
    if kept is not None:
        return again(kept, x.hash, bool(kept.response.get("won")), kept.response.get("reason"))
    row, officer = db.cases.get(x.case), db.officers.get(x.officer)
    answer = Answer(ok=False, reason=None, response={})
    decided: Happened | Refusal = Refusal.NOT_FOUND
    if row is not None and officer is not None:
        decided = happen(row, Claim(officer.seen(), x.round), us)
    response: dict[str, Any]
    if isinstance(decided, Happened) and row is not None:
        answer = db.answer(row, [grant_seat(db, row, decided.event, scope, x.officer, None, us)])
        response = {"won": True, "case": str(x.case), "fence": row.core.fence, "round": row.core.round}
    else:
        response = {"won": False, "case": str(x.case), "reason": str(decided), "round": x.round}
    db.kept[scope, x.key] = Kept(x.hash, response)
    return _answered(answer, response["won"], response.get("reason"), response)


# --- acts
def act(db: Records, x: ActDraft, us: int) -> Answer:
    """What became of any other act on a case."""
    kept = db.kept.get((x.scope, x.key))
    if kept is not None:
        return again(kept, x.hash, bool(kept.response.get("ok")), kept.response.get("reason"))
    if x.event in duplicates.ACTS:
        return grouping.group(db, x, us)
    row = db.cases.get(x.case)
    officer = db.officers.get(x.officer) if x.officer else None
    reason, facts, to = _judged(db, row, officer, x, us) if row else (Refusal.NOT_FOUND, [], ())
    word = None if reason is None else str(reason)
    response: dict[str, Any] = {
        "ok": reason is None,
        "reason": word,
        "case": str(x.case),
        "status": str(row.core.status) if row else None,
        "fence": row.core.fence if row else None,
    }
    db.kept[x.scope, x.key] = Kept(x.hash, response)
    answer = db.answer(row, facts, to) if row else Answer(ok=False, reason=None, response={})
    return _answered(answer, reason is None, word, response)


def _judged(
    db: Records, row: CaseRow, officer: OfficerRow | None, x: ActDraft, us: int
) -> tuple[Refusal | None, list[Fact], tuple[UUID, ...]]:
    """Why not, or the entries that the act made and who is asked by it."""
    if x.actor == Actor.DESK and x.station != row.station:
        return Refusal.NOT_YOURS, [], ()
    if x.event == Event.HANDED_OVER and x.to_station not in db.events:
        return Refusal.NOT_FOUND, [], ()
    if x.event == Event.HANDED_OVER and x.to_station == row.station:
        return Refusal.ILLEGAL, [], ()
    if x.event == READ:
        return talking.mark_read(db, row, officer, x, us)
    event = Event(x.event)
    asked: tuple[UUID, ...] = ()
    seen = officer.seen(officer.station == row.station or officer.station in db.lending) if officer else None
    opens = event is Event.REOFFERED or (event is Event.HANDED_BACK and officer is not None)
    if opens:
        never = (*row.handed_back, officer.id) if officer else row.handed_back
        asked = db.eligible(row.station, row.category, x, never, us)
    if event is Event.HANDED_BACK:
        most = db.stations[row.station].hand_backs_max or limits.HAND_BACKS_MAX
        row.core = replace(row.core, hand_backs_max=most)
    if seen is None and x.actor == Actor.OFFICER:
        seen = OfficerState(OfficerId(x.officer or UUID(int=0)), False, 0, 0)  # unknown: holds nothing, was never asked
    deadline_us = us + window_us(db, row)
    wanted = Act(
        event,
        Actor(x.actor),
        seen,
        x.fence,
        x.round,
        tuple(map(OfficerId, asked)),
        x.wave if opens else None,
        utc(deadline_us) if opens else utc(desk.until_us(x, us)) if event in QUIET else None,
        Disposition(x.disposition) if x.disposition else None,
        by=x.actor_id,
        stars=x.stars,
    )
    decided = endings.judge_more(row, officer, x, wanted, us) or happen(row, wanted, us)
    if isinstance(decided, Refusal):
        return decided, [], ()
    actor = f"{x.actor}:{x.actor_id}"
    if event is Event.HANDED_BACK:
        assert officer is not None
        row.handed_back += () if officer.id in row.handed_back else (officer.id,)
        if decided.event is Event.SEAT_HANDED_BACK:
            return None, hand_seat_back(db, row, x.reason, actor, officer.id, us), ()
        released = end_seats(db, row, officer.id)
        if decided.event is Event.HANDED_TO_DESK:
            return None, [handed_to_desk(db, row, x.reason, released, actor, officer.id, us)], ()
        row.deadline_us = deadline_us
        return None, [desk.open_round(db, row, event, x, actor, officer.id, asked, us, released)], asked
    if event is Event.REOFFERED:
        row.deadline_us = deadline_us
        return None, [desk.open_round(db, row, event, x, actor, None, asked, us)], asked
    if event in desk.ACTS:
        return None, desk.applied(db, row, decided.event, x, actor, officer.id if officer else None, us), ()
    return None, _applied(db, row, event, x, actor, officer, us), ()


def _applied(
    db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, officer: OfficerRow | None, us: int
) -> list[Fact]:  # fmt: skip
    released: list[str] | None = None
    if event is Event.SAID:
        return [talking.say_line(db, row, event, x, {}, actor, officer, us)]
    if event in endings.AFTERWARDS:
        return endings.applied(db, row, event, x, actor, officer, us)
    if event is Event.DECLINED:
        assert officer is not None
        return _declined(db, row, x, actor, officer.id, us)
    if event in (Event.ASSIGNED, Event.REASSIGNED):
        assert officer is not None
        released = end_seats(db, row) if event is Event.REASSIGNED else None
        drop_timers(db, row.id)
        desk.unheld(row, lapse=False)
        return [grant_seat(db, row, event, actor, officer.id, released, us, x.reason)]
    if event in welfare.ACTS:
        assert officer is not None
        return [watching.apply_welfare(db, row, event, actor, officer.id, x.reason, us)]
    if event is Event.TRANSFERRED:
        assert officer is not None
        return [transfer(db, row, actor, officer.id, us)]
    if event in (Event.SET_OUT, Event.ARRIVED):
        for seat in row.seated:
            if officer is not None and seat.officer == officer.id:
                seat.state = "en_route" if event is Event.SET_OUT else "on_scene"
                seat.watch = seat.watch_due_us = None  # a sign of life
        if event is Event.ARRIVED:
            check_ins.set_next(db, row, us)
    elif event is Event.CHECKED_IN:
        assert officer is not None
        check_ins.answered(db, row, officer.id, us)
    elif event in (Event.CLEARED, Event.WITHDRAWN):
        released = end_seats(db, row)
        drop_timers(db, row.id)
        drop_timers(db, row.id, WELFARE)
    elif event is Event.ACKNOWLEDGED:
        desk.seen(db, row)
    body = {"reason": x.reason, "disposition": x.disposition, "advice": x.advice, "released": released}
    if event in (Event.CLEARED, Event.WITHDRAWN):
        how = {"referred_to": x.referred_to, "manner": x.manner}
        body |= how
        desk.unheld(row, lapse=False)
        if any(how.values()):
            desk.note(row, **{name: value for name, value in how.items() if value is not None})
    told = {name: value for name, value in body.items() if value is not None}
    return [db.append(row, event, actor, officer.id if officer else None, told, us)]


def _declined(db: Records, row: CaseRow, x: ActDraft, actor: str, officer: UUID, us: int) -> list[Fact]:
    row.declined += (officer,)
    body = {"round": row.core.round, "reason": x.reason}
    return [db.append(row, Event.DECLINED, actor, officer, body, us), *go_on(db, row, us)]


def pull(db: Records, x: ActDraft, us: int) -> list[Answer]:
    """What became of a pull: the wanted case first."""
    kept = db.kept.get((x.scope, x.key))
    if kept is not None:
        return [again(kept, x.hash, bool(kept.response.get("ok")), kept.response.get("reason"))]
    refusal, answers = watching.pull(db, x, us)
    row = db.cases.get(x.case)
    word = None if refusal is None else str(refusal)
    response: dict[str, Any] = {
        "ok": refusal is None,
        "reason": word,
        "case": str(x.case),
        "status": str(row.core.status) if row else None,
        "fence": row.core.fence if row else None,
    }
    db.kept[x.scope, x.key] = Kept(x.hash, response)
    if not answers:
        answers = [db.answer(row, []) if row else Answer(ok=False, reason=None, response={})]
    return [_answered(answers[0], refusal is None, word, response), *answers[1:]]
