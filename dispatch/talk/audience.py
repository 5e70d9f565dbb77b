"""What people hear of a talk: each line once, how far they have read on other screens, the thread when they join.

Who may hear is who may speak: the reporter, officers on a seat, the station's desk. Nobody else, ever.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from dispatch.cases.board import Board
from dispatch.cases.facts import CaseState, Fact, Line, TalkState
from dispatch.cases.views import Person, ReadTo, Said, SaidLine, Talk
from dispatch.limits import TALK_SNAPSHOT_BYTES_MAX
from dispatch.talk.threads import unread

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LINE_BYTES: Final = 160
"""What a line costs on the wire beside its words, at most."""


def said_line(line: Line) -> SaidLine:
    """As everybody who may hear it sees it."""
    return SaidLine(
        seq=line.seq,
        by="desk" if line.by == "supervisor" else line.by,
        words=line.words,
        at=EPOCH + timedelta(microseconds=line.at_us),
        officer=Person(line.call_sign, line.surname) if line.by == "officer" else None,
    )


def said(fact: Fact, state: CaseState) -> tuple[Said, Said]:
    """A line for those who follow the station's stream, and for the reporter, who follows the case."""
    assert fact.talk is not None and fact.seq is not None
    (line,) = fact.talk.lines
    for_staff = Said(stream=fact.stream, offset=fact.offset, case=state.id, line=said_line(line))
    return for_staff, msgspec.structs.replace(for_staff, stream=f"case:{state.id}", offset=fact.seq)


def read_to(fact: Fact) -> ReadTo:
    """For the reader's other screens."""
    return ReadTo(stream=fact.stream, offset=fact.offset, case=UUID(fact.body["case"]), upto=fact.body["upto"])


def thread(talk: TalkState, person: str, bytes_max: int = TALK_SNAPSHOT_BYTES_MAX) -> Talk:
    """The talk as this person finds it: the latest lines that fit."""
    fit: list[Line] = []
    for line in reversed(talk.lines):
        bytes_max -= size(line)
        if bytes_max < 0:
            break
        fit.append(line)
    return Talk(
        case=talk.case,
        lines=tuple(said_line(line) for line in reversed(fit)),
        more=talk.more or len(fit) < len(talk.lines),
        upto=talk.marks.get(person, 0),
        unread=unread(talk, person),
    )


def size(line: Line) -> int:
    """Bytes on the wire, never fewer than there will be: JSON may escape each byte of a word in six."""
    return LINE_BYTES + len(msgspec.json.encode(line.words))


def talks(board: Board, cases: Iterable[UUID], person: str) -> tuple[Talk, ...]:
    """Of these cases, those on which something was said; the first ones get their lines first, all within the bound."""
    found: list[Talk] = []
    left = TALK_SNAPSHOT_BYTES_MAX
    for case in cases:
        talk = board.threads.of(case)
        if talk is not None:
            found.append(thread(talk, person, left))
            left -= sum(size(line) for line in talk.lines[len(talk.lines) - len(found[-1].lines) :])
    return tuple(found)
