"""Talks in memory: fed twice, late or cut, they hold the latest lines once each, and count what is unread."""

import random
from uuid import UUID

import pytest

from dispatch.cases.board import Board
from dispatch.cases.facts import Fact, Line, TalkState
from dispatch.limits import TALK_KEPT_LINES, TALK_SNAPSHOT_BYTES_MAX
from dispatch.talk.audience import thread
from dispatch.talk.threads import READ, Threads, unread
from tests.unit.cases.states import CASE, ONE, fact, state


def line(seq: int, by: str = "reporter", officer: UUID | None = None, words: str = "x") -> Line:
    return Line(seq=seq, by=by, words=words, at_us=seq, officer=officer)


def said(seq: int) -> Fact:
    return fact(seq, "said", talk=TalkState(case=CASE, lines=(line(seq),)))


def held(threads: Threads) -> TalkState:
    talk = threads.of(CASE)
    assert talk is not None
    return talk


@pytest.mark.parametrize("seed", range(8))
def test_facts_in_any_order_and_twice_leave_the_latest_lines_once_each(seed: int) -> None:
    dice = random.Random(seed)
    facts = [said(seq) for seq in range(1, TALK_KEPT_LINES + 31)]
    dice.shuffle(facts)
    threads = Threads()
    for one in (*facts, *dice.sample(facts, 20)):
        threads.take(one)
    assert [x.seq for x in held(threads).lines] == list(range(31, TALK_KEPT_LINES + 31)), f"seed {seed}"
    assert held(threads).more


def test_a_fact_that_the_record_held_already_changes_nothing() -> None:
    threads = Threads()
    threads.load([TalkState(case=CASE, lines=(line(4), line(6)), more=True, marks={"desk:d": 4})])
    before = threads.of(CASE)
    for seq in (3, 4, 6):
        threads.take(said(seq))
    threads.take(fact(9, READ, body={"case": str(CASE), "person": "desk:d", "upto": 3}))
    assert threads.of(CASE) == before
    threads.take(said(7))
    assert [x.seq for x in held(threads).lines] == [4, 6, 7]


def read(upto: int, offset: int = 9) -> Fact:
    return fact(offset, READ, body={"case": str(CASE), "person": f"officer:{ONE}", "upto": upto})


def test_a_mark_counts_also_where_it_comes_before_the_lines_that_it_is_of() -> None:
    """Of a case that was handed over to another station, whose stream is heard first."""
    board = Board(lambda: 0.0)
    board.apply(fact(3, "came_over", of=state(seq=3), seq=3))
    board.apply(read(2))
    assert board.threads.of(CASE) is None, "nothing was said yet, as far as is known here"
    board.apply(fact(2, "said", of=state(seq=3), seq=2, talk=TalkState(case=CASE, lines=(line(2, "desk"),))))
    talk = board.threads.of(CASE)
    assert talk is not None and unread(talk, f"officer:{ONE}") == 0


def test_a_mark_of_a_case_that_is_over_is_not_kept() -> None:
    board = Board(lambda: 0.0)
    board.apply(read(2))
    board.apply(fact(3, "said", of=state(seq=3), seq=3, talk=TalkState(case=CASE, lines=(line(2, "desk"),))))
    talk = board.threads.of(CASE)
    assert talk is not None and unread(talk, f"officer:{ONE}") == 1


def test_what_one_said_oneself_and_what_one_has_read_is_not_unread() -> None:
    lines = (line(1), line(2, "officer", ONE), line(3, "desk"), line(4, "supervisor"), line(5))
    talk = TalkState(case=CASE, lines=lines, marks={f"officer:{ONE}": 1})
    assert unread(talk, f"officer:{ONE}") == 3
    assert unread(talk, f"reporter:{CASE}") == 3
    assert unread(talk, "desk:one") == 3, "a supervisor's line is the desk's own"


def test_a_thread_carries_the_latest_lines_that_fit_and_says_that_there_are_more() -> None:
    long = tuple(line(n, words="\u0001长" * 500) for n in range(1, TALK_KEPT_LINES + 1))
    view = thread(TalkState(case=CASE, lines=long), "desk:one")
    assert 0 < len(view.lines) < TALK_KEPT_LINES and view.more
    assert view.lines[-1].seq == TALK_KEPT_LINES
    assert sum(len(x.words.encode()) for x in view.lines) < TALK_SNAPSHOT_BYTES_MAX
    assert view.unread == TALK_KEPT_LINES
