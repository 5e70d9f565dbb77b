"""The talks of open cases as one process knows them: fed by facts in their turn, asked for snapshots and joiners.

Pure. Of each talk the latest TALK_KEPT_LINES lines are kept; earlier ones are read from the record in pages.
"""

import bisect
from collections.abc import Iterable
from operator import attrgetter
from typing import Final
from uuid import UUID

import msgspec

from dispatch.cases.facts import Fact, Line, TalkState
from dispatch.limits import TALK_KEPT_LINES

READ: Final = "read"
"""The kind of a fact that tells up to where somebody has read: no entry of a case's history."""
DESKS: Final = frozenset({"desk", "supervisor"})
"""Kinds of people who speak with one voice: what one of them said is not unread for another."""

_seq = attrgetter("seq")


class Threads:
    """Talks by case. A case that is over is dropped with its marks."""

    def __init__(self) -> None:
        self._talks: dict[UUID, TalkState] = {}

    def load(self, talks: Iterable[TalkState]) -> None:
        """Starts from what the record holds; facts after it follow by `take`, also those that it holds already."""
        self._talks = {talk.case: talk for talk in talks}

    def of(self, case: UUID) -> TalkState | None:
        """The talk as far as it is kept; None where nothing was said."""
        talk = self._talks.get(case)
        return talk if talk is not None and talk.lines else None

    def take(self, fact: Fact) -> None:
        """A line, a whole talk that is open anew, or a mark. Told twice it changes nothing."""
        if fact.kind == READ:
            self._mark(UUID(fact.body["case"]), fact.body["person"], fact.body["upto"])
        elif fact.talk is not None and fact.talk.lines:
            talk = self._talks.get(fact.talk.case, TalkState(case=fact.talk.case, lines=()))
            for line in fact.talk.lines:
                talk = _with(talk, line)
            self._talks[talk.case] = msgspec.structs.replace(talk, more=talk.more or fact.talk.more)

    def _mark(self, case: UUID, person: str, upto: int) -> None:
        """It may come before the lines that it is of: those of a case that was handed over stand in two streams."""
        talk = self._talks.get(case, TalkState(case=case, lines=()))
        if upto > talk.marks.get(person, 0):
            self._talks[case] = msgspec.structs.replace(talk, marks={**talk.marks, person: upto})

    def drop(self, case: UUID) -> None:
        """The case is over."""
        self._talks.pop(case, None)


def _with(talk: TalkState, line: Line) -> TalkState:
    """With a line in its place, unless it is known, or older than all that are kept."""
    at = bisect.bisect_left(talk.lines, line.seq, key=_seq)
    known = at < len(talk.lines) and talk.lines[at].seq == line.seq
    if known or (at == 0 and talk.more):
        return talk
    lines = (*talk.lines[:at], line, *talk.lines[at:])
    over = len(lines) > TALK_KEPT_LINES
    return msgspec.structs.replace(talk, lines=lines[-TALK_KEPT_LINES:], more=talk.more or over)


def unread(talk: TalkState, person: str) -> int:
    """Lines of others, among those kept, that the person has not read: TALK_KEPT_LINES means so many or more.

    `person`: a stable name, its kind before the colon.
    """
    mark, kind = talk.marks.get(person, 0), person.partition(":")[0]

    def own(line: Line) -> bool:
        if line.by == "officer":
            return person == f"officer:{line.officer}"
        return line.by == kind or {line.by, kind} <= DESKS

    return sum(line.seq > mark and not own(line) for line in talk.lines)
