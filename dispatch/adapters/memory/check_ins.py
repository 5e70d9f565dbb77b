"""Signs of life from officers on scene: as judge/check_in.sql has them."""

from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory.deadlines import ready
from dispatch.adapters.memory.rows import CaseRow, Records
from dispatch.adapters.memory.steps import CHECK_IN, drop_timers, must, set_timer
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.machine import Act
from dispatch.cases.values import Actor, Event, OfficerId, Status


def set_next(db: Records, row: CaseRow, us: int) -> None:
    """The next question, where the category asks any: by the first who arrived."""
    after_s = db.categories[row.category].check_in_s
    if after_s is not None and (CHECK_IN, row.id) not in db.timers:
        set_timer(db, row, CHECK_IN, us + after_s * 1_000_000)


def answered(db: Records, row: CaseRow, officer: UUID, us: int) -> None:
    """All is well with this officer; when nobody owes an answer the next question is due after the usual time."""
    for seat in row.seated:
        if seat.officer == officer:
            seat.check_in = None
    if all(seat.check_in is None for seat in row.seated):
        drop_timers(db, row.id, CHECK_IN)
        set_next(db, row, us)


def fire(db: Records, station: str, us: int) -> list[Answer]:
    """Asks those on scene; or tells the desk who did not answer, and again."""
    answers = []
    for row in ready(db, CHECK_IN, station, us):
        number = db.timers[CHECK_IN, row.id].wave
        drop_timers(db, row.id, CHECK_IN)
        fact = _fired(db, row, number, us)
        if fact is not None:
            answers.append(db.answer(row, [fact]))
    return answers


def _fired(db: Records, row: CaseRow, number: int, us: int) -> Fact | None:
    there = [seat for seat in row.seated if seat.state == "on_scene"]
    if row.core.status is not Status.ON_SCENE or not there:
        return None  # nobody is there any more: harmless
    silent = [seat for seat in there if seat.check_in is not None]
    asked = silent or there
    event = Event.CHECK_IN_MISSED if silent else Event.CHECK_IN_ASKED
    must(row, Act(event, Actor.SERVICE, recipients=tuple(OfficerId(seat.officer) for seat in asked)), us)
    for seat in asked:
        seat.check_in = "missed" if silent else "asked"
    body = {"nr": number, "officers": [str(seat.officer) for seat in asked]}
    fact = db.append(row, event, Actor.SERVICE, None, body, us)
    if number < limits.ALARMS_MAX:
        set_timer(db, row, CHECK_IN, us + limits.CHECK_IN_ANSWER_MS * 1000, number + 1)
    return fact
