"""Jepsen's etcd logs, one register a file: `INFO  jepsen.util - 3 <tab> :invoke <tab> :cas <tab> [3 0]`.

Lines of other loggers and of the nemesis are passed over; everything else must be such a line.
"""

import re
from collections.abc import Iterable, Iterator

from scripts.checker.history import HistoryError, Kind, Line, Operation, pair

_LOGGED = re.compile(r"^(?:TRACE|DEBUG|INFO|WARN|ERROR)\s+(?P<logger>[\w.$]+)\s+-\s+(?P<said>.*)$")
_OPERATION = re.compile(r"^(?P<process>\d+)\s+:(?P<kind>invoke|ok|fail|info)\s+:(?P<f>\S+)\s+(?P<value>\S.*)$")
_PAIR = re.compile(r"^\[(-?\d+|nil)\s+(-?\d+|nil)\]$")
_NUMBER = re.compile(r"^-?\d+$")


def read_log(text: Iterable[str]) -> dict[str, list[Operation]]:
    """The one register of the file, under the name `register`. Times are line numbers.

    Raises: HistoryError with the number of the line.
    """
    return {"register": pair(_lines(text))}


def _lines(text: Iterable[str]) -> Iterator[Line]:
    for number, raw in enumerate(text, start=1):
        if not raw.strip():
            continue
        logged = _LOGGED.match(raw.rstrip())
        if logged is None:
            raise HistoryError(f"line {number}: not a line of a Jepsen log: {raw.strip()[:80]!r}")
        if logged["logger"] != "jepsen.util" or logged["said"].startswith(":nemesis"):
            continue
        found = _OPERATION.match(logged["said"])
        if found is None:
            raise HistoryError(f"line {number}: not an operation: {logged['said'][:80]!r}")
        kind = Kind(found["kind"])
        # A completion that only says why (":timed-out") carries no value; the invocation has it.
        why_only = kind in (Kind.FAIL, Kind.INFO) and found["value"].startswith(":")
        value = None if why_only else _value(found["value"], number)
        yield Line(found["process"], found["f"], kind, value, float(number), number)


def _value(raw: str, number: int) -> object:
    if raw == "nil":
        return None
    if _NUMBER.match(raw):
        return int(raw)
    two = _PAIR.match(raw)
    if two is None:
        raise HistoryError(f"line {number}: neither nil nor a number nor a pair of them: {raw[:40]!r}")
    return tuple(None if part == "nil" else int(part) for part in two.groups())
