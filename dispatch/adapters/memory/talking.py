"""The talk on a case in memory: the answers of judge/talk.sql."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.adapters.memory.rows import CaseRow, OfficerRow, Records, utc
from dispatch.cases.facts import Fact, Line, TalkState
from dispatch.cases.machine import Act, judge_act
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Actor, Event, OfficerId, OfficerState, Refusal
from dispatch.talk.threads import READ

MINUTE_US = 60_000_000


def person_of(x: ActDraft) -> str:
    """Whose act this is, by a name that is stable over sessions."""
    return f"{x.actor}:{x.case if x.actor == Actor.REPORTER else x.actor_id}"


def _allowed(row: CaseRow, officer: OfficerRow | None, x: ActDraft, us: int) -> Refusal | None:
    """May this person speak on the case?"""
    seen = officer.seen() if officer else None
    if seen is None and x.actor == Actor.OFFICER:
        seen = OfficerState(OfficerId(x.officer or UUID(int=0)), False, 0, 0)
    return judge_act(row.core, Act(Event.SAID, Actor(x.actor), seen, x.fence, x.round), utc(us))


def judge_line(row: CaseRow, x: ActDraft, us: int) -> Refusal | None:
    """Why this line is refused although the machine allows it, or None."""
    mine = [line for author, line in row.lines if author == person_of(x) and line.at_us > us - MINUTE_US]
    if len(mine) >= limits.TALK_PER_MIN_MAX:
        return Refusal.TOO_OFTEN
    return Refusal.TALK_FULL if len(row.lines) >= limits.TALK_LINES_MAX else None


def say_line(
    db: Records, row: CaseRow, event: Event, x: ActDraft, body: dict[str, Any], actor: str, officer: OfficerRow | None,
    us: int,
) -> Fact:  # fmt: skip
    """An entry with words, if there are any: a digest in its body, the words beside it."""
    words = x.words
    if words is not None:
        body = {**body, "words": hashlib.sha256(bytes.fromhex(x.salt) + words.encode()).hexdigest()}
    fact = db.append(row, event, actor, officer.id if officer else None, body, us)
    if words is not None:
        line = Line(
            seq=row.seq, by=x.actor, words=words, at_us=us, officer=officer.id if officer else None,
            call_sign=officer.call_sign if officer else "", surname=officer.surname if officer else "",
        )  # fmt: skip
        row.lines.append((person_of(x), line))
    told = msgspec.structs.replace(fact, talk=_talk_at(row, event, words is not None))
    db.events[row.station][-1] = row.facts[-1] = told
    return told


def _talk_at(row: CaseRow, event: Event, has_words: bool) -> TalkState | None:
    """What the latest entry carries: its line, or the whole talk where it is open anew."""
    if event in (Event.OBJECTED, Event.UNMERGED):
        return talk_of(row, None, limits.TALK_KEPT_LINES)
    return TalkState(case=row.id, lines=(row.lines[-1][1],)) if has_words else None


def mark_read(
    db: Records, row: CaseRow, officer: OfficerRow | None, x: ActDraft, us: int
) -> tuple[Refusal | None, list[Fact], tuple[UUID, ...]]:
    """Up to where somebody has read: never further than what was said, never back."""
    refusal = _allowed(row, officer, x, us)
    said = [line.seq for _, line in row.lines if line.seq <= (x.upto or 0)]
    person = person_of(x)
    if refusal is not None or not said or said[-1] <= row.marks.get(person, 0):
        return refusal, [], ()
    row.marks[person] = said[-1]
    stream = db.events[row.station]
    fact = Fact(
        stream=row.station, offset=len(stream) + 1, kind=READ, actor=f"{x.actor}:{x.actor_id}", at_us=us,
        body={"case": str(row.id), "person": person, "upto": said[-1]},
    )  # fmt: skip
    stream.append(fact)
    return None, [fact], ()


def talk_of(row: CaseRow, before: int | None, count: int, marks: Mapping[str, int] | None = None) -> TalkState:
    """The latest lines before an entry, oldest first."""
    found = [line for _, line in row.lines if before is None or line.seq < before]
    return TalkState(case=row.id, lines=tuple(found[-count:]), more=len(found) > count, marks=dict(marks or {}))
