"""Good and bad histories of a compare-and-set register, made by hand."""

import pytest

from scripts.checker.history import HistoryError, Kind, Operation
from scripts.checker.register import CasRegister
from scripts.checker.wgl import Answer, check
from tests.unit.checker.stories import cas, op, read, write


def answer(*history: Operation) -> Answer:
    return check(CasRegister(), history).answer


def test_the_register_starts_as_nil() -> None:
    assert answer(read(0, 1, None)) == "linearizable"
    assert answer(read(0, 1, 0)) == "not"


def test_a_read_sees_the_write_that_returned_before_it() -> None:
    assert answer(write(0, 1, 4), read(2, 3, 4)) == "linearizable"
    assert answer(write(0, 1, 4), read(2, 3, None)) == "not"


def test_a_read_beside_a_write_may_see_either_but_never_go_back() -> None:
    beside = write(0, 10, 4)
    assert answer(beside, read(1, 2, None), read(3, 4, 4)) == "linearizable"
    assert answer(beside, read(1, 2, 4), read(3, 4, None)) == "not"


def test_a_return_at_the_moment_of_a_call_counts_as_concurrent() -> None:
    assert answer(write(0, 1, 4), read(1, 2, None)) == "linearizable"


def test_two_swaps_from_one_value_cannot_both_have_met_it() -> None:
    assert answer(write(0, 1, 1), cas(2, 9, 1, 2), cas(2, 9, 1, 3)) == "not"
    assert answer(write(0, 1, 1), cas(2, 9, 1, 2), cas(2, 9, 1, 3, ok=False)) == "linearizable"


def test_a_failed_cas_shows_that_the_register_did_not_hold_the_expected_value() -> None:
    assert answer(write(0, 1, 1), cas(2, 3, 1, 2, ok=False)) == "not"
    assert answer(write(0, 1, 1), cas(2, 3, 5, 2, ok=False)) == "linearizable"
    assert answer(cas(0, 1, 5, 2, ok=False)) == "linearizable"  # nil is not 5


def test_a_failed_cas_changes_nothing() -> None:
    assert answer(write(0, 1, 1), cas(2, 3, 5, 2, ok=False), read(4, 5, 2)) == "not"


def test_a_failed_read_shows_nothing_and_a_failed_write_did_not_happen() -> None:
    failed_read = op(2, 3, "read", None, 9, Kind.FAIL)
    failed_write = op(2, 3, "write", 9, None, Kind.FAIL)
    assert answer(write(0, 1, 1), failed_read, failed_write, read(4, 5, 1)) == "linearizable"
    assert answer(write(0, 1, 1), failed_write, read(4, 5, 9)) == "not"


def test_an_unknown_write_may_take_effect_much_later_or_never() -> None:
    unknown = write(0, None, 7)
    assert answer(unknown, read(1, 2, None), read(100, 101, 7)) == "linearizable"
    assert answer(unknown, read(1, 2, None), read(100, 101, None)) == "linearizable"


def test_an_unknown_write_takes_effect_at_most_once_and_never_before_its_call() -> None:
    assert answer(write(0, None, 7), read(1, 2, 7), write(3, 4, 8), read(5, 6, 7)) == "not"
    assert answer(read(0, 1, 7), write(2, None, 7)) == "not"


def test_two_equal_unknown_writes_take_effect_twice() -> None:
    twice = (write(0, None, 7), write(0, None, 7))
    rest = (read(1, 2, 7), write(3, 4, 8), read(5, 6, 7))
    assert answer(*twice, *rest) == "linearizable"
    assert answer(*twice, *rest, write(7, 8, 9), read(9, 10, 7)) == "not"


def test_many_unknown_writes_do_not_exhaust_the_budget() -> None:
    unknown = [write(0, None, value % 5) for value in range(60)]
    verdict = check(CasRegister(), [*unknown, read(1, 2, 3), read(3, 4, 99)], budget=50_000)
    assert verdict.answer == "not"
    assert "read" in verdict.reason


def test_a_search_without_an_answer_in_its_budget_says_unknown() -> None:
    writes = [write(0, 100, value) for value in range(12)]
    verdict = check(CasRegister(), [*writes, read(101, 102, 99)], budget=100)
    assert verdict.answer == "unknown"
    assert verdict.configurations == 100


def test_what_is_no_register_operation_is_refused_with_a_sentence() -> None:
    for strange in (
        op(0, 1, "pop"),
        op(0, 1, "read", None, "x"),
        op(0, 1, "cas", 3),
        op(0, 1, "write", True),
    ):
        with pytest.raises(HistoryError):
            answer(strange)


def test_a_long_history_of_one_busy_register_is_checked_quickly() -> None:
    history = []
    for turn in range(3_000):
        history += [write(turn * 10, turn * 10 + 5, turn), read(turn * 10 + 6, turn * 10 + 8, turn)]
    verdict = check(CasRegister(), history)
    assert verdict.answer == "linearizable"
    assert verdict.configurations <= 2 * len(history)
