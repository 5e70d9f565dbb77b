"""Operations and histories: what the processes asked, what they were told, and when.

A history is a list of lines in the order of each process; `pair` joins every invocation with its
completion. Times only have to be comparable: line numbers (Jepsen) or seconds of one monotonic clock.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class HistoryError(ValueError):
    """The history cannot be read; the message is one sentence that names the line."""


class Kind(StrEnum):
    """The type of one line."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Line:
    """One recorded line. `number` is its line in the file, for messages only."""

    process: str
    f: str
    kind: Kind
    value: object
    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: asked at `called`, answered at `returned` (infinity where the outcome is unknown).

    `outcome` is never INVOKE. INFO means that it may take effect at any later time, or never.
    """

    process: str
    f: str
    value: object
    outcome: Kind
    answer: object
    called: float
    returned: float

    def __str__(self) -> str:
        until = "?" if math.isinf(self.returned) else f"{self.returned:g}"
        said = f" -> {self.answer!r}" if self.answer is not None else ""
        return f"process {self.process} [{self.called:g}, {until}] {self.outcome} {self.f} {self.value!r}{said}"


def pair(lines: Iterable[Line]) -> list[Operation]:
    """Join invocations with completions, sorted by call time.

    An invocation without a completion counts as INFO: it was still on its way when the recording ended.

    Raises: HistoryError for a completion without an invocation, for a second invocation while one is
    open, for a completion of another operation, and for one that is earlier than its invocation.
    """
    open_calls: dict[str, Line] = {}
    operations: list[Operation] = []
    for line in lines:
        call = open_calls.get(line.process)
        if line.kind is Kind.INVOKE:
            if call is not None:
                raise HistoryError(
                    f"line {line.number}: process {line.process} calls {line.f} while its {call.f} "
                    f"of line {call.number} is still open"
                )
            open_calls[line.process] = line
            continue
        if call is None:
            raise HistoryError(f"line {line.number}: process {line.process} completes what it never called")
        if call.f != line.f:
            raise HistoryError(f"line {line.number}: process {line.process} called {call.f} but completes {line.f}")
        if line.at < call.at:
            raise HistoryError(f"line {line.number}: completes before it was called in line {call.number}")
        del open_calls[line.process]
        operations.append(_joined(call, line))
    operations += [_joined(call, None) for call in open_calls.values()]
    return sorted(operations, key=lambda operation: operation.called)


def _joined(call: Line, end: Line | None) -> Operation:
    unknown = end is None or end.kind is Kind.INFO
    return Operation(
        process=call.process,
        f=call.f,
        value=call.value,
        outcome=Kind.INFO if end is None else end.kind,
        answer=None if end is None else end.value,
        called=call.at,
        returned=math.inf if unknown or end is None else end.at,
    )
