"""What is logged is a line, whatever stands in it."""

import logging
import sys

import pytest

from gateway.logs import OneLine


def line(message: str, *values: object, trace: bool = False) -> str:
    record = logging.LogRecord(
        "gateway.x", logging.WARNING, __file__, 1, message, values, sys.exc_info() if trace else None
    )
    record.created, record.msecs = 1_790_000_000.25, 250.0
    return OneLine().format(record)


@pytest.mark.parametrize("bad", ["\n", "\r\n", "\x1b[2J", "\u2028", "\x85", "\x00", "\x7f"])
def test_nobodys_text_begins_a_line_or_moves_a_cursor(bad: str) -> None:
    told = line("refused: %s", f"x{bad}2026-01-01T00:00:00.000Z CRITICAL gateway: all is lost")
    assert len(told.splitlines()) == 1 and bad not in told
    assert told.startswith("2026-09-21T14:13:20.250Z WARNING gateway.x: refused: x\\")


def test_letters_of_any_language_stay_as_they_are() -> None:
    assert line("就近接单 %s", "naïve\tok").endswith("就近接单 naïve\tok")


def test_a_traceback_follows_indented_and_begins_no_line_of_its_own() -> None:
    try:
        raise ValueError("one\n2026-01-01T00:00:00.000Z CRITICAL gateway: two")
    except ValueError:
        told = line("a turn failed", trace=True).split("\n")
    assert told[0].endswith("WARNING gateway.x: a turn failed")
    assert all(one.startswith("    ") for one in told[1:]) and any("ValueError" in one for one in told)
