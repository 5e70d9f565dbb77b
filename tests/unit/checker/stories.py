"""Hand-made histories in one line an operation: who, when, what, and what was answered."""

import math

from scripts.checker.history import Kind, Operation


def op(
    called: float,
    returned: float | None,
    f: str,
    value: object = None,
    answer: object = None,
    outcome: Kind = Kind.OK,
) -> Operation:
    """An operation of a process of its own; `returned` None means that nobody knows the outcome."""
    if returned is None:
        return Operation("p", f, value, Kind.INFO, None, called, math.inf)
    return Operation("p", f, value, outcome, answer, called, returned)


def read(called: float, returned: float, answer: object) -> Operation:
    return op(called, returned, "read", None, answer)


def write(called: float, returned: float | None, value: int) -> Operation:
    return op(called, returned, "write", value, value)


def cas(called: float, returned: float | None, expected: int, value: int, ok: bool = True) -> Operation:
    return op(called, returned, "cas", (expected, value), None, Kind.OK if ok else Kind.FAIL)


def claim(
    called: float, returned: float | None, officer: str, refused: str | None = None, key: str | None = None
) -> Operation:
    value = {"officer": officer, "key": key}
    if refused is None:
        return op(called, returned, "claim", value, "won")
    return op(called, returned, "claim", value, {"reason": refused}, Kind.FAIL)


def by_key(called: float, returned: float, officer: str, key: str, answer: object) -> Operation:
    return op(called, returned, "claim_by_key", {"officer": officer, "key": key}, answer)


def fall_back(called: float, returned: float | None) -> Operation:
    return op(called, returned, "fall_back")
