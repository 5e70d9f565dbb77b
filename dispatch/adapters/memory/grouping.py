"""Several reports of one incident in memory: the answers of judge/grouping.sql."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.adapters.memory import desk, talking
from dispatch.adapters.memory.rows import CaseRow, Kept, Records, utc
from dispatch.adapters.memory.steps import drop_timers, end_seats, queued, send_to_desk
from dispatch.cases import duplicates
from dispatch.cases.duplicates import Member
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.machine import Act, evolve, judge_act
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Actor, Case, CaseId, Event, Happened, Refusal, Status


def _member(row: CaseRow) -> Member:
    return Member(CaseId(row.id), row.station, row.exercise, row.core)


def group(db: Records, x: ActDraft, us: int) -> Answer:
    """Judged and done, or refused, for every case that it touches: the facts of all, the state of the one addressed."""
    row, others = db.cases.get(x.case), sorted(set(x.others))
    reason = _judged(db, row, others, x, us) if row else Refusal.NOT_FOUND
    response: dict[str, Any] = {"ok": reason is None, "reason": None if reason is None else str(reason)}
    answers: list[Answer] = []
    if row is not None and reason is None:
        answers = _DO[Event(x.event)](db, row, others, x, us)
    told = {"case": str(x.case), "status": str(row.core.status) if row else None}
    response |= told | {"fence": row.core.fence if row else None}
    if reason is None and x.event == Event.SPLIT:
        response["made"] = str(x.made)
    db.kept[x.scope, x.key] = Kept(x.hash, response)
    facts = tuple(fact for answer in answers for fact in answer.facts)
    state = db.state_of(row) if row else None
    return Answer(ok=reason is None, reason=response["reason"], response=dict(response), facts=facts, state=state)


def _judged(db: Records, row: CaseRow, others: Sequence[UUID], x: ActDraft, us: int) -> Refusal | None:
    """Why not, in the order of judge_grouping."""
    if x.actor == Actor.DESK and x.station != row.station:
        return Refusal.NOT_YOURS
    event, named = Event(x.event), [CaseId(other) for other in others]
    act = Act(event, Actor(x.actor), by=x.actor_id)
    member = _member(row)
    if event is Event.ABSORBED and (found := duplicates.circle(member, named)) is not None:
        return found
    if (refused := judge_act(row.core, act, utc(us))) is not None:
        return refused
    if event is Event.ABSORBED:
        known = {CaseId(other): _member(db.cases[other]) for other in others if other in db.cases}
        return duplicates.judge_merge(member, named, known, act, x.station, utc(us))
    return duplicates.judge_split(member, named) if event is Event.SPLIT else None


def _told(db: Records, row: CaseRow, happened: Happened, actor: str, body: dict[str, Any], us: int) -> Answer:
    """An entry of a case, the case moved on by it, and the answer that tells it."""
    row.core = evolve(row.core, happened)
    return db.answer(row, [db.append(row, happened.event, actor, None, body, us)])


def _ids(cases: Sequence[UUID]) -> list[str]:
    return [str(case) for case in cases]


def _follow(db: Records, case: UUID, into: UUID, actor: str, us: int) -> Answer:
    happened = Happened(Event.FOLLOWED, into=CaseId(into))
    return _told(db, db.cases[case], happened, actor, {"into": str(into)}, us)


def _merge(db: Records, row: CaseRow, others: Sequence[UUID], x: ActDraft, us: int) -> list[Answer]:
    actor, answers, coming = f"{x.actor}:{x.actor_id}", list[Answer](), list[UUID]()
    for other in map(db.cases.__getitem__, others):
        followers, other.reports = other.reports, []
        coming += [other.id, *followers]
        body = {"reason": x.reason, "into": str(row.id), "released": end_seats(db, other)}
        drop_timers(db, other.id)
        desk.unheld(other, lapse=False)
        answers.append(_told(db, other, Happened(Event.MERGED, into=CaseId(row.id)), actor, body, us))
        answers += [_follow(db, case, row.id, actor, us) for case in sorted(followers)]
    row.reports += coming
    happened = Happened(Event.ABSORBED, others=tuple(map(CaseId, coming)))
    return [*answers, _told(db, row, happened, actor, {"reason": x.reason, "others": _ids(coming)}, us)]


def _split_off(db: Records, row: CaseRow, others: Sequence[UUID], x: ActDraft, us: int) -> Answer:
    """The new case: where and when the first of its reports was, else as the case that it is split from."""
    moved = sorted((db.cases[other] for other in others), key=lambda one: (one.received_us, one.id))
    like, actor, words = (moved or [row])[0], f"{x.actor}:{x.actor_id}", x.words or ""
    assert x.made is not None
    seats = db.categories[like.category].seats
    new = CaseRow(
        id=x.made, station=row.station, category=like.category, words=words, lat=like.lat, lon=like.lon,
        accuracy_m=like.accuracy_m, exercise=row.exercise, channel=like.channel, received_us=like.received_us,
        core=Case(Status.RECEIVED, seats=seats),
    )  # fmt: skip
    db.cases[new.id] = new
    body = {
        "category": new.category, "lat": new.lat, "lon": new.lon, "seats": seats, "split_from": str(row.id),
        "words": hashlib.sha256(bytes.fromhex(x.salt) + words.encode()).hexdigest(),
    }  # fmt: skip
    body |= {"exercise": True} if new.exercise else {}
    facts = [db.append(new, Event.RECEIVED, actor, None, body, us), send_to_desk(db, new, "split", us)]
    if others:
        new.reports = list(others)
        new.core = evolve(new.core, Happened(Event.ABSORBED, others=tuple(map(CaseId, others))))
        facts.append(db.append(new, Event.ABSORBED, actor, None, {"reason": x.reason, "others": _ids(others)}, us))
    return db.answer(new, facts)


def _split(db: Records, row: CaseRow, others: Sequence[UUID], x: ActDraft, us: int) -> list[Answer]:
    actor = f"{x.actor}:{x.actor_id}"
    assert x.made is not None
    answers = [_split_off(db, row, others, x, us)]
    answers += [_follow(db, case, x.made, actor, us) for case in others]
    row.reports = [case for case in row.reports if case not in others]
    body = {"reason": x.reason, "made": str(x.made), "others": _ids(others)}
    happened = Happened(Event.SPLIT, others=tuple(map(CaseId, others)))
    return [*answers, _told(db, row, happened, actor, body, us)]


def _unmerge(db: Records, row: CaseRow, _: Sequence[UUID], x: ActDraft, us: int) -> list[Answer]:
    actor, survivor = f"{x.actor}:{x.actor_id}", row.core.merged_into
    assert survivor is not None
    queued(db, row, "unmerged", us)
    row.marks.clear()
    own = _told(db, row, Happened(Event.UNMERGED), actor, {"reason": x.reason, "from": str(survivor)}, us)
    own = msgspec.structs.replace(own, facts=(_with_talk(db, row, own.facts[0]),))
    lead = db.cases[survivor]
    lead.reports.remove(row.id)
    happened = Happened(Event.PARTED, others=(CaseId(row.id),))
    return [own, _told(db, lead, happened, actor, {"others": _ids([row.id])}, us)]


def _with_talk(db: Records, row: CaseRow, fact: Fact) -> Fact:
    """Open anew, a case brings its whole talk along."""
    talk = talking.talk_of(row, None, limits.TALK_KEPT_LINES)
    db.events[row.station][-1] = row.facts[-1] = msgspec.structs.replace(row.facts[-1], talk=talk)
    return msgspec.structs.replace(fact, talk=talk)


_DO = {Event.ABSORBED: _merge, Event.SPLIT: _split, Event.UNMERGED: _unmerge}
