"""Lines become operations, or are refused with a sentence that names the line."""

import math

import pytest

from scripts.checker.history import HistoryError, Kind, Line, pair


def line(process: str, f: str, kind: Kind, at: float, value: object = None) -> Line:
    return Line(process, f, kind, value, at, number=int(at))


def test_an_answer_ends_its_own_process_call() -> None:
    operations = pair(
        [
            line("p", "read", Kind.INVOKE, 1),
            line("q", "read", Kind.INVOKE, 2),
            line("q", "read", Kind.OK, 3, 7),
            line("p", "read", Kind.FAIL, 4),
        ]
    )
    assert [(o.process, o.called, o.returned, o.outcome, o.answer) for o in operations] == [
        ("p", 1, 4, Kind.FAIL, None),
        ("q", 2, 3, Kind.OK, 7),
    ]


def test_what_has_no_answer_or_an_unknown_one_never_returns() -> None:
    operations = pair(
        [
            line("p", "write", Kind.INVOKE, 1, 5),
            line("q", "write", Kind.INVOKE, 2, 6),
            line("q", "write", Kind.INFO, 3),
        ]
    )
    assert [(o.value, o.outcome, o.returned) for o in operations] == [
        (5, Kind.INFO, math.inf),
        (6, Kind.INFO, math.inf),
    ]
    assert "?] info write 5" in str(operations[0])


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (line("p", "read", Kind.INVOKE, 2), "line 2: process p calls read while its write of line 1"),
        (line("q", "write", Kind.OK, 2), "line 2: process q completes what it never called"),
        (line("p", "read", Kind.OK, 2), "line 2: process p called write but completes read"),
        (line("p", "write", Kind.OK, 0), "line 0: completes before it was called in line 1"),
    ],
)
def test_lines_that_do_not_fit_are_refused(second: Line, said: str) -> None:
    with pytest.raises(HistoryError, match=said):
        pair([line("p", "write", Kind.INVOKE, 1), second])
