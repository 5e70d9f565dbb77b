"""The word at the door and the end of a case in memory: the answers of judge/closing.sql."""

from typing import Any

from dispatch import limits
from dispatch.adapters.memory import talking
from dispatch.adapters.memory.rows import CaseRow, OfficerRow, Records, utc
from dispatch.adapters.memory.steps import ACK, set_timer
from dispatch.cases.facts import Fact
from dispatch.cases.machine import Act, judge_act
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Event, Refusal

AFTERWARDS = frozenset({Event.MET, Event.OBJECTED, Event.RATED, Event.RECLASSIFIED})


def judge_more(row: CaseRow, officer: OfficerRow | None, x: ActDraft, act: Act, us: int) -> Refusal | None:
    """Why an act that the machine allows is refused all the same, or None. A wrong word counts."""
    if act.event not in (Event.SAID, Event.MET) or judge_act(row.core, act, utc(us)) is not None:
        return None
    if act.event is Event.SAID:
        return talking.judge_line(row, x, us)
    seat = next(s for s in row.seated if officer is not None and s.officer == officer.id)
    if seat.met:
        return Refusal.ILLEGAL
    if seat.word_tries >= limits.WORD_TRIES_MAX:
        return Refusal.WORD_SPENT
    if x.word != seat.word:
        seat.word_tries += 1
        return Refusal.WRONG_WORD
    return None


def applied(
    db: Records, row: CaseRow, event: Event, x: ActDraft, actor: str, officer: OfficerRow | None, us: int
) -> list[Fact]:  # fmt: skip
    """The entry of an act that was allowed; the machine has moved the case on."""
    body: dict[str, Any] = {}
    if event is Event.MET:
        for seat in row.seated:
            seat.met = seat.met or (officer is not None and seat.officer == officer.id)
    elif event is Event.RATED:
        body = {"stars": x.stars}
    elif event is Event.RECLASSIFIED:
        body = {name: value for name, value in (("disposition", x.disposition), ("reason", x.reason)) if value}
    else:
        row.alarms, row.desk_reason = 0, "objected"
        row.marks.clear()
        set_timer(db, row, ACK, us)
        body = {"reason": "objected"}
    return [talking.say_line(db, row, event, x, body, actor, officer, us)]
