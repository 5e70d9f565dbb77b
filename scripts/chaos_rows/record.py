"""Histories: one operation after another, as they were called and answered; judged case by case.

A line of a written history is `process, f, case_id, type in {invoke, ok, fail, info}, t_mono, value`. What was not
answered is `info`, never `fail`: it may still take effect.
"""

import json
import math
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.checker.case_claim import CaseClaim
from scripts.checker.history import Kind, Operation
from scripts.checker.wgl import Answer, check


@dataclass(slots=True)
class Call:
    """One operation on its way."""

    record: "Record"
    process: str
    f: str
    case: str
    value: Any
    called: float

    def done(self, kind: Kind, answer: Any = None) -> None:
        self.record.finished(self, kind, answer)


@dataclass(slots=True)
class Record:
    """All operations of a run of one row."""

    histories: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    _open: dict[str, Call] = field(default_factory=dict)
    _count: int = 0

    def call(self, who: str, f: str, case: object, value: Any = None, at: float | None = None) -> Call:
        """An operation begins; each is a process of its own, so that any number may be on their way."""
        self._count += 1
        now = time.monotonic() if at is None else at
        call = Call(self, f"{who}#{self._count}", f, str(case), value, now)
        self._open[call.process] = call
        return call

    def finished(self, call: Call, kind: Kind, answer: Any) -> None:
        """Its answer, or `info` where none came."""
        del self._open[call.process]
        returned = math.inf if kind is Kind.INFO else time.monotonic()
        self.histories[call.case].append(
            Operation(call.process, call.f, call.value, kind, answer, call.called, returned)
        )

    def close(self) -> None:
        """Whatever is on its way may have been done or not."""
        for call in list(self._open.values()):
            call.done(Kind.INFO)

    def broken(self, seats: int = 1) -> list[str]:
        """A sentence for each case whose history no order of its operations explains."""
        self.close()
        found = []
        for case, history in self.histories.items():
            verdict = check(CaseClaim(seats), history)
            if verdict.answer is not Answer.LINEARIZABLE:
                found.append(f"case {case}: {verdict.answer}: {verdict.reason}")
        return found

    def write(self, path: Path) -> None:
        """All of it as JSON lines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for case, history in self.histories.items():
                for one in history:
                    common = {"process": one.process, "f": one.f, "case_id": case}
                    file.write(_line({**common, "type": "invoke", "t_mono": one.called, "value": one.value}))
                    if not math.isinf(one.returned):
                        end = {"type": str(one.outcome), "t_mono": one.returned, "value": one.answer}
                        file.write(_line({**common, **end}))


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"
