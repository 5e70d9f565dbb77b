"""On tiny histories the search agrees with trying every permutation."""

import math
from collections.abc import Hashable, Sequence
from itertools import combinations, permutations
from typing import TypeVar

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.checker.case_claim import CaseClaim
from scripts.checker.history import Kind, Operation
from scripts.checker.register import CasRegister
from scripts.checker.wgl import Model, check
from tests.unit.checker.stories import by_key, claim, fall_back, read, write

S = TypeVar("S", bound=Hashable)
A = TypeVar("A", bound=Hashable)


def linearizable_by_brute_force(model: Model[S, A], history: Sequence[Operation]) -> bool:
    if model.objection(history) is not None:
        return False
    acts = [(operation, model.act(operation)) for operation in history]
    shown = [(operation, act) for operation, act in acts if act is not None]
    sure = [pair for pair in shown if pair[0].outcome is not Kind.INFO]
    loose = [pair for pair in shown if pair[0].outcome is Kind.INFO]
    for count in range(len(loose) + 1):
        for chosen in combinations(loose, count):
            if any(_explains(model, order) for order in permutations([*sure, *chosen])):
                return True
    return False


def _explains(model: Model[S, A], order: Sequence[tuple[Operation, A]]) -> bool:
    latest_call = -math.inf
    state: S | None = model.start()
    for operation, act in order:
        if operation.returned < latest_call:
            return False  # something that was called after this return stands before it
        latest_call = max(latest_call, operation.called)
        assert state is not None
        state = model.step(state, act)
        if state is None:
            return False
    return True


times = st.tuples(st.integers(0, 8), st.integers(1, 5))
values = st.integers(0, 2)


@st.composite
def register_operations(draw: st.DrawFn) -> Operation:
    called, lasts = draw(times)
    f = draw(st.sampled_from(["read", "write", "cas"]))
    outcome = draw(st.sampled_from([Kind.OK, Kind.OK, Kind.FAIL, Kind.INFO]))
    value: object = draw(values)
    if f == "read":
        value = None
    if f == "cas":
        value = (draw(values), draw(values))
    said = draw(st.none() | values) if f == "read" and outcome is Kind.OK else None
    returned = math.inf if outcome is Kind.INFO else called + lasts
    return Operation("p", f, value, outcome, said, called, returned)


@st.composite
def case_operations(draw: st.DrawFn) -> Operation:
    called, lasts = draw(times)
    end = called + lasts
    officer, key = draw(st.sampled_from("ab")), draw(st.sampled_from(["k", "j"]))
    refusal = draw(st.sampled_from(["taken", "late", "off_duty", "busy"]))
    status = draw(st.sampled_from(["offered", "claimed", "at_station"]))
    made = [
        claim(called, end, officer, key=key),
        claim(called, None, officer, key=key),
        claim(called, end, officer, refusal, key),
        by_key(called, end, officer, key, draw(st.sampled_from(["won", "not_received", {"reason": "taken"}]))),
        fall_back(called, draw(st.sampled_from([end, None]))),
        read(called, end, status),
    ]
    return draw(st.sampled_from(made))


@settings(max_examples=300, deadline=None)
@given(st.lists(register_operations(), max_size=6))
@example([write(0, None, 1), read(0, 1, 1), read(2, 3, 1)])
def test_the_search_agrees_with_brute_force_on_registers(history: list[Operation]) -> None:
    expected = linearizable_by_brute_force(CasRegister(), history)
    assert (check(CasRegister(), history).answer == "linearizable") is expected


@settings(max_examples=300, deadline=None)
@given(st.lists(case_operations(), max_size=6), st.integers(1, 2))
def test_the_search_agrees_with_brute_force_on_cases(history: list[Operation], seats: int) -> None:
    model = CaseClaim(seats)
    expected = linearizable_by_brute_force(model, history)
    assert (check(model, history).answer == "linearizable") is expected
