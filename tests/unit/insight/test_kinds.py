"""Which entries mean what follows from the table of what may happen: written by hand here, so that a change is seen."""

from dispatch.cases.values import Event
from dispatch.insight.values import COMING, ENDING, REOPENING, TO_DESK


def test_a_case_is_over_by_its_end_and_not_by_what_is_said_of_it_later() -> None:
    assert {Event.CLEARED, Event.WITHDRAWN} <= ENDING
    assert not {Event.RATED, Event.RECLASSIFIED, Event.OBJECTED} & ENDING


def test_an_objection_reopens_and_is_no_way_to_the_desk_of_an_open_case() -> None:
    assert Event.OBJECTED in REOPENING and Event.OBJECTED not in TO_DESK


def test_a_window_that_ran_out_is_counted_by_itself() -> None:
    assert Event.FELL_BACK not in TO_DESK
    assert {Event.SENT_TO_DESK, Event.HANDED_TO_DESK, Event.LAST_TAKEN_BACK} <= TO_DESK


def test_nobody_comes_by_giving_a_case_back() -> None:
    assert not COMING & (TO_DESK | ENDING)
