"""What the simulation found in the board: rounds that mixed, winners who were forgotten, offers that never ended.

A fact that was read from the database carries its case's state of that moment, which may be later than the fact.
"""

from typing import Any

from dispatch.cases.audience import deliveries
from dispatch.cases.board import Board
from dispatch.cases.facts import CaseState, Fact
from dispatch.cases.values import Refusal, Status
from dispatch.cases.views import Gone, Offer
from tests.unit.cases.states import CASE, ONE, THREE, TWO, fact, holder, state


def opened(of: CaseState, seq: int = 2, round_: int = 1, to: tuple[Any, ...] = (ONE, TWO)) -> Fact:
    kind = "offer_opened" if round_ == 1 else "handed_back"
    return fact(seq, kind, of=of, seq=seq, to=to, body={"round": round_})


def test_those_asked_in_an_earlier_round_are_not_taken_for_those_of_the_present_one() -> None:
    board, now = Board(lambda: 0.0), state(round=2, seq=4, handed_back=(ONE,))
    board.apply(opened(now))
    assert board.cases[CASE].recipients == set()
    board.apply(fact(3, "claimed", of=now, seq=3, officer=ONE, body={"round": 1}))
    board.apply(opened(now, seq=4, round_=2, to=(TWO,)))
    assert board.cases[CASE].recipients == {TWO}
    assert [e.state.id for e in board.offers_of(TWO)] == [CASE]
    assert board.offers_of(ONE) == []


def test_who_won_and_was_replaced_before_this_process_heard_is_left_to_the_judge() -> None:
    board = Board(lambda: 0.0)
    now = state(status=Status.CLAIMED, seq=4, fence=2, remaining_ms=None, holders=(holder(TWO, 2),))
    board.apply(opened(now, to=(ONE, TWO, THREE)))
    assert board.refuses(CASE, THREE, 1) is None, "its winners are not known yet"
    board.apply(fact(3, "claimed", of=now, seq=3, officer=ONE, body={"round": 1}))
    board.apply(fact(4, "reassigned", of=now, seq=4, officer=TWO, body={"round": 1, "released": [str(ONE)]}))
    assert board.refuses(CASE, ONE, 1) is None, "the judge has told this officer: won"
    assert board.refuses(CASE, THREE, 1) is Refusal.TAKEN


def test_an_offer_that_is_known_to_be_over_is_not_shown() -> None:
    board = Board(lambda: 0.0)
    board.load(
        [(state(status=Status.CLAIMED, seq=3, remaining_ms=None, holders=(holder(TWO),)), frozenset({ONE, TWO}))]
    )
    told = board.apply(opened(state()))
    assert (told.to, told.state and told.state.status) == ((), Status.CLAIMED)
    assert not [d for d in deliveries(told) if isinstance(d.view, Offer)]


def test_whoever_was_shown_an_offer_hears_of_its_end_also_when_a_new_round_ended_it() -> None:
    board = Board(lambda: 0.0)
    board.apply(opened(state(), to=(ONE, TWO, THREE)))
    now = state(round=2, seq=4, handed_back=(ONE,))
    told = board.apply(fact(3, "claimed", of=now, seq=3, officer=ONE, body={"round": 1}))
    gone = [o for d in deliveries(told) if isinstance(d.view, Gone) for o in d.officers]
    assert set(gone) == {ONE, TWO, THREE}
    again = board.apply(opened(now, seq=4, round_=2, to=(TWO,)))
    assert [d.officers for d in deliveries(again) if isinstance(d.view, Offer)] == [(TWO,)]


def test_an_older_state_does_not_replace_a_later_one() -> None:
    board = Board(lambda: 0.0)
    now = state(status=Status.CLAIMED, seq=3, remaining_ms=None, holders=(holder(TWO),))
    board.apply(opened(now))
    board.apply(fact(3, "claimed", of=state(), seq=3, officer=TWO, body={"round": 1}))
    assert board.cases[CASE].state == now
    assert [e.state.id for e in board.held_by(TWO)] == [CASE]
