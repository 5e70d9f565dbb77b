"""The search of Wing, Gong and Lowe: try every order that real time allows, remember dead ends.

A configuration is (which operations have taken effect, the state they led to). Visited ones are kept,
the operations as a bitset whose finished prefix is cut off, so that equal ones are found in O(window).
Sources: Wing and Gong 1993; Lowe 2017, "Testing for linearizability"; porcupine (MIT, Anish Athalye).
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from scripts.checker.history import Kind, Operation

CONFIGURATIONS_MAX = 2_000_000  # about 0.5 GB of remembered dead ends; the etcd histories need under 300

S = TypeVar("S", bound=Hashable)
A = TypeVar("A", bound=Hashable)


class Model(Protocol[S, A]):
    """A sequential object: states `S`, and acts `A` with the answer that was given. All methods are pure."""

    def objection(self, history: Sequence[Operation]) -> str | None:
        """A contradiction that needs no search (one sentence), or None."""

    def act(self, operation: Operation) -> A | None:
        """The act whose place in the order is looked for, or None where the operation shows nothing.

        Raises: HistoryError when the model does not know such an operation.
        """

    def start(self) -> S:
        """The state before the first operation."""

    def step(self, state: S, act: A) -> S | None:
        """The state after the act, or None where the act cannot have had its answer in this state.

        For an operation of unknown outcome: the state after it took effect.
        """

    def settled(self, state: S, act: A) -> bool:
        """True only if the act is legal in `state` and changes nothing, neither here nor in any state that
        can follow and in which it is legal. Such an act is placed at once, without a branch.
        """


class Answer(StrEnum):
    """What is known after a search."""

    LINEARIZABLE = "linearizable"
    NOT = "not"
    UNKNOWN = "unknown"  # the budget ran out first


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the number of configurations visited, and for NOT and UNKNOWN a sentence why."""

    answer: Answer
    configurations: int
    reason: str = ""


def check(model: Model[S, A], history: Sequence[Operation], budget: int = CONFIGURATIONS_MAX) -> Verdict:
    """Whether one order explains the history of one object, visiting at most `budget` configurations.

    Raises: HistoryError when the model cannot read an operation.
    """
    objection = model.objection(history)
    if objection is not None:
        return Verdict(Answer.NOT, 0, objection)
    return _Search(model, history).run(budget)


def check_each(
    model: Model[S, A], histories: Mapping[str, Sequence[Operation]], budget: int = CONFIGURATIONS_MAX
) -> dict[str, Verdict]:
    """One verdict a partition (a case, a key). Linearizability is local: all hold together if each does."""
    return {name: check(model, history, budget) for name, history in histories.items()}


def overall(verdicts: Mapping[str, Verdict]) -> Answer:
    """NOT as soon as one is NOT, else UNKNOWN as soon as one is UNKNOWN."""
    answers = {verdict.answer for verdict in verdicts.values()}
    for worst in (Answer.NOT, Answer.UNKNOWN):
        if worst in answers:
            return worst
    return Answer.LINEARIZABLE


@dataclass(frozen=True, slots=True)
class _Configuration(Generic[S]):
    """Answered acts before `low` are placed, and those with a bit in `window` (bit 0 = `low`, always clear).

    `loose` has a bit for each act of unknown outcome that was given a place.
    """

    low: int
    window: int
    loose: int
    state: S


class _Search(Generic[S, A]):
    """One depth-first search over one history."""

    def __init__(self, model: Model[S, A], history: Sequence[Operation]) -> None:
        self._model = model
        self._answered: list[tuple[Operation, A]] = []
        self._loose: list[tuple[float, A]] = []
        self._twin: list[int] = []  # of each loose act: the one called just before it that is equal, or -1
        last: dict[A, int] = {}
        for operation in sorted(history, key=lambda operation: operation.called):
            act = model.act(operation)
            if act is None:
                continue
            if operation.outcome is Kind.INFO:
                self._twin.append(last.get(act, -1))
                last[act] = len(self._loose)
                self._loose.append((operation.called, act))
            else:
                self._answered.append((operation, act))
        self._seen: dict[tuple[int, int, S], list[int]] = {}
        self._visited = 0
        self._deepest = -1
        self._stuck_at: Operation | None = None

    def run(self, budget: int) -> Verdict:
        root = self._settle(_Configuration(0, 0, 0, self._model.start()))
        self._visit(root)
        stack = [self._after(root)]
        if root.low == len(self._answered):
            return Verdict(Answer.LINEARIZABLE, 1)
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                continue
            following = self._settle(following)
            if following.low == len(self._answered):
                return Verdict(Answer.LINEARIZABLE, self._visited)
            if self._visited >= budget:
                return Verdict(Answer.UNKNOWN, self._visited, f"no answer within {budget} configurations")
            if not self._visit(following):
                continue
            stack.append(self._after(following))
        return Verdict(
            Answer.NOT,
            self._visited,
            f"{self._deepest} of {len(self._answered)} answers have an order; no order explains {self._stuck_at}",
        )

    def _visit(self, at: _Configuration[S]) -> bool:
        """Remember a configuration; False where it is no better than one visited before.

        Acts of unknown outcome may be left out, so the same state reached with fewer of them is as good.
        """
        used_before = self._seen.setdefault((at.low, at.window, at.state), [])
        if any(used & at.loose == used for used in used_before):
            return False
        used_before.append(at.loose)
        self._visited += 1
        return True

    def _open(self, at: _Configuration[S]) -> tuple[list[int], float]:
        """Answered acts that may come next, and the earliest return among them.

        What was called after that return must wait; called at the very same moment counts as concurrent.
        """
        bound = math.inf
        found: list[int] = []
        for index in range(at.low, len(self._answered)):
            if at.window >> (index - at.low) & 1:
                continue
            operation = self._answered[index][0]
            if operation.called > bound:
                break
            bound = min(bound, operation.returned)
            found.append(index)
        return found, bound

    def _settle(self, at: _Configuration[S]) -> _Configuration[S]:
        """Place every act that is settled; it takes no branch, since no order is lost by it."""
        while True:
            settled = [index for index in self._open(at)[0] if self._model.settled(at.state, self._answered[index][1])]
            if not settled:
                return at
            for index in settled:
                at = _placed(at, index, at.state)

    def _after(self, at: _Configuration[S]) -> Iterator[_Configuration[S]]:
        """Every configuration that is one act further."""
        found, bound = self._open(at)
        placed = at.low + at.window.bit_count()
        if placed > self._deepest:
            self._deepest = placed
            self._stuck_at = min((self._answered[index][0] for index in found), key=lambda o: o.returned)
        for index in found:
            state = self._model.step(at.state, self._answered[index][1])
            if state is not None:
                yield _placed(at, index, state)
        for index, (called, act) in enumerate(self._loose):
            if called > bound:
                break
            twin = self._twin[index]
            if at.loose >> index & 1 or (twin >= 0 and not at.loose >> twin & 1):
                continue
            state = self._model.step(at.state, act)
            if state is not None and state != at.state:  # without an effect it is as good as never
                yield _Configuration(at.low, at.window, at.loose | 1 << index, state)


def _placed(at: _Configuration[S], index: int, state: S) -> _Configuration[S]:
    window = at.window | 1 << (index - at.low)
    finished = (~window & (window + 1)).bit_length() - 1  # trailing ones
    return _Configuration(at.low + finished, window >> finished, at.loose, state)
