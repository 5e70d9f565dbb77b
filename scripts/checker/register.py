"""The compare-and-set register of Jepsen's etcd tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from scripts.checker.history import HistoryError, Kind, Operation

NIL: Final = "nil"
Value = int | Literal["nil"]


class RegisterF(StrEnum):
    """What a register can be asked."""

    READ = "read"
    WRITE = "write"
    CAS = "cas"


@dataclass(frozen=True, slots=True)
class RegisterAct:
    """`value` was read or written; a cas puts it where it met `expected`, or, not `met`, another value."""

    f: RegisterF
    value: Value
    expected: Value = NIL
    met: bool = True


class CasRegister:
    """One register that starts as nil.

    A failed cas shows that the register did not hold the expected value at that time; a failed read shows
    nothing; a failed write did not happen. A cas without an answer either met its value or had no effect.
    """

    def objection(self, history: Sequence[Operation]) -> str | None:
        return None

    def act(self, operation: Operation) -> RegisterAct | None:
        if operation.f == RegisterF.READ:
            if operation.outcome is not Kind.OK:
                return None
            return RegisterAct(RegisterF.READ, _value(operation.answer, operation))
        if operation.f == RegisterF.WRITE:
            if operation.outcome is Kind.FAIL:
                return None
            return RegisterAct(RegisterF.WRITE, _value(operation.value, operation))
        if operation.f == RegisterF.CAS:
            if not isinstance(operation.value, list | tuple) or len(operation.value) != 2:
                raise HistoryError(f"a cas needs two values, the expected and the new one: {operation}")
            expected, value = (_value(part, operation) for part in operation.value)
            return RegisterAct(RegisterF.CAS, value, expected, met=operation.outcome is not Kind.FAIL)
        raise HistoryError(f"a register knows read, write and cas, not {operation.f!r}: {operation}")

    def start(self) -> Value:
        return NIL

    def step(self, state: Value, act: RegisterAct) -> Value | None:
        if act.f is RegisterF.WRITE:
            return act.value
        if act.f is RegisterF.READ:
            return state if state == act.value else None
        if act.met:
            return act.value if state == act.expected else None
        return state if state != act.expected else None

    def settled(self, state: Value, act: RegisterAct) -> bool:
        if act.f is RegisterF.WRITE or (act.f is RegisterF.CAS and act.met and act.value != act.expected):
            return False
        return self.step(state, act) is not None


def _value(raw: object, operation: Operation) -> Value:
    if raw is None:
        return NIL
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise HistoryError(f"a register holds whole numbers or nil, not {raw!r}: {operation}")
    return raw
