"""Histories as JSON lines: `process, f, case_id, type in {invoke, ok, fail, info}, t_mono, value`.

`t_mono` is in seconds of one monotonic clock for all processes; equal times count as concurrent. The
lines of one process about one case stand in their own order; beyond that the order of lines says nothing.
"""

import json
import math
from collections.abc import Iterable

from scripts.checker.history import HistoryError, Kind, Line, Operation, pair


def read_json_lines(text: Iterable[str]) -> dict[str, list[Operation]]:
    """One history a `case_id` (all of them under `register` where none is given), in order of appearance.

    Raises: HistoryError with the number of the line.
    """
    lines: dict[str, list[Line]] = {}
    for number, raw in enumerate(text, start=1):
        if raw.strip():
            case_id, line = _line(raw, number)
            lines.setdefault(case_id, []).append(line)
    return {case_id: pair(found) for case_id, found in lines.items()}


def _line(raw: str, number: int) -> tuple[str, Line]:
    try:
        said = json.loads(raw)
    except ValueError as error:
        raise HistoryError(f"line {number}: not JSON: {error}") from None
    if not isinstance(said, dict):
        raise HistoryError(f"line {number}: not a JSON object")
    for name in ("process", "f", "type", "t_mono"):
        if name not in said:
            raise HistoryError(f"line {number}: `{name}` is missing")
    if said["type"] not in list(Kind):
        raise HistoryError(f"line {number}: type is invoke, ok, fail or info, not {said['type']!r}")
    at = said["t_mono"]
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise HistoryError(f"line {number}: t_mono is a number of seconds, not {at!r}")
    if not isinstance(said["f"], str):
        raise HistoryError(f"line {number}: f is a text, not {said['f']!r}")
    kind = Kind(said["type"])
    line = Line(str(said["process"]), said["f"], kind, said.get("value"), float(at), number)
    return str(said.get("case_id", "register")), line
