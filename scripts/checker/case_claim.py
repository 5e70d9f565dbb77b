"""One case in one round: offered, then claimed by at most `seats` officers, or at the station; never both.

    f             value of the invocation            value of the completion
    claim         {"officer": o, "key": k or null}   ok: nothing or "won"; fail (or ok): {"reason": r}
    claim_by_key  {"officer": o, "key": k}           ok: "won", {"reason": r} or "not_received"
    read          nothing                            ok: a status or {"status": s, "officers": [...]}
    fall_back     nothing                            ok: the case went to the station

A sweeper that nobody heard is recorded as a fall_back of type info, called when the case was offered.
Only the first refusal `late` closes the window, since the deadline is not in the history: after it
nobody may win. Seats are not given back within a round, so every answer stays true once it was true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scripts.checker.history import HistoryError, Kind, Operation

# Refusals that speak of the officer or of another round, not of this one: a history of claims cannot judge them.
PERSONAL_REASONS = frozenset(
    {"off_duty", "no_slot", "not_offered", "declined", "handed_back", "stale_round", "withdrawn", "merged", "not_found"}
)
# Rolled back, or never begun, before an answer was stored; the same key may have another answer next time.
UNSTORED_REASONS = frozenset({"busy", "overloaded", "too_fast"})
# What a process may answer by itself as soon as it is certain, without asking the judge: no key remembers it.
EARLY_REASONS = frozenset({"taken", "at_desk"})


class Status(StrEnum):
    """What a read may say."""

    OFFERED = "offered"
    CLAIMED = "claimed"
    AT_STATION = "at_station"


STATUSES: Mapping[str, Status] = {**{s.value: s for s in Status}, "desk": Status.AT_STATION}


class ActKind(StrEnum):
    """What an operation shows."""

    WON = "won"
    HOLDS = "holds"  # asked by key: the officer has a seat
    TAKEN = "taken"
    LATE = "late"
    AT_DESK = "at_desk"
    CLOSED = "closed"  # it was held, or at the desk, and is over by now
    NOT_WON = "not_won"  # this key has no seat
    READ = "read"
    FELL_BACK = "fell_back"


@dataclass(frozen=True, slots=True)
class ClaimAct:
    """`officer` and `key` for claims; `status` and `officers` (None: not said) for reads."""

    kind: ActKind
    officer: str = ""
    key: str | None = None
    status: Status = Status.OFFERED
    officers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """`winners` are (officer, key) pairs; `closed`: the window is known to be over."""

    winners: frozenset[tuple[str, str | None]] = frozenset()
    closed: bool = False
    at_station: bool = False

    @property
    def officers(self) -> frozenset[str]:
        return frozenset(officer for officer, _ in self.winners)

    @property
    def status(self) -> Status:
        if self.at_station:
            return Status.AT_STATION
        return Status.CLAIMED if self.winners else Status.OFFERED


class CaseClaim:
    """The case machine as far as claims, reads and the fallback show it; `seats` is how many may win."""

    def __init__(self, seats: int = 1) -> None:
        assert seats >= 1
        self._seats = seats

    def objection(self, history: Sequence[Operation]) -> str | None:
        """The same officer with the same key always hears the same, and "not received" only before that."""
        heard: dict[tuple[str, str], tuple[str, Operation]] = {}
        unheard: list[tuple[tuple[str, str], Operation]] = []
        for operation in sorted(history, key=lambda operation: operation.returned):
            if operation.f not in ("claim", "claim_by_key") or operation.outcome is Kind.INFO:
                continue
            officer, key = _claimant(operation)
            said = _claim_answer(operation)
            if key is None or said is None or said in UNSTORED_REASONS:
                continue
            if said == "not_received":
                unheard.append(((officer, key), operation))
                continue
            first, operation_before = heard.setdefault((officer, key), (said, operation))
            if first != said and not _may_differ(first, said):
                return f"one key, two answers: {operation_before} and {operation}"
        for who, operation in unheard:
            if who in heard and heard[who][0] not in EARLY_REASONS and heard[who][1].returned < operation.called:
                return f"received and forgotten: {heard[who][1]} and {operation}"
        return None

    def act(self, operation: Operation) -> ClaimAct | None:
        if operation.f in ("claim", "claim_by_key"):
            return _claim_act(operation)
        if operation.f == "read":
            return _read_act(operation) if operation.outcome is Kind.OK else None
        if operation.f == "fall_back":
            return None if operation.outcome is Kind.FAIL else ClaimAct(ActKind.FELL_BACK)
        raise HistoryError(f"a case knows claim, claim_by_key, read and fall_back: {operation}")

    def start(self) -> CaseState:
        return CaseState()

    def step(self, state: CaseState, act: ClaimAct) -> CaseState | None:
        if act.kind is ActKind.WON and act.officer not in state.officers:
            if state.closed or len(state.officers) >= self._seats:
                return None
            return CaseState(state.winners | {(act.officer, act.key)}, state.closed, state.at_station)
        if act.kind is ActKind.LATE and act.officer not in state.officers:
            full = len(state.officers) >= self._seats
            return state if full else CaseState(state.winners, True, state.at_station)
        if act.kind is ActKind.FELL_BACK:
            full = len(state.officers) >= self._seats
            return None if full or state.at_station else CaseState(state.winners, True, True)
        return state if self._seen(state, act) else None

    def settled(self, state: CaseState, act: ClaimAct) -> bool:
        return act.kind is not ActKind.FELL_BACK and self.step(state, act) == state

    def _seen(self, state: CaseState, act: ClaimAct) -> bool:
        """Whether an act that changes nothing is true in this state."""
        if act.kind is ActKind.READ:
            return act.status is state.status and act.officers in (None, state.officers)
        if act.kind is ActKind.TAKEN:
            return act.officer not in state.officers and len(state.officers) >= self._seats
        if act.kind is ActKind.AT_DESK:
            return act.officer not in state.officers and state.at_station
        if act.kind is ActKind.CLOSED:
            return state.at_station or len(state.officers) >= self._seats
        if act.kind is ActKind.NOT_WON:
            return (act.officer, act.key) not in state.winners
        return act.kind is not ActKind.LATE and act.officer in state.officers


_OF_THE_CASE = frozenset({ActKind.TAKEN, ActKind.LATE, ActKind.AT_DESK, ActKind.CLOSED})


def _may_differ(one: str, other: str) -> bool:
    """Two refusals of one key that are both true: one of them was given early, by a process that was certain."""
    both = {one, other}
    return "won" not in both and bool(both & EARLY_REASONS) and both != {"late", "taken"}


def _claim_act(operation: Operation) -> ClaimAct | None:
    officer, key = _claimant(operation)
    by_key = operation.f == "claim_by_key"
    if operation.outcome is Kind.INFO:
        return None if by_key else ClaimAct(ActKind.WON, officer, key)
    said = _claim_answer(operation)
    if said == "won":
        return ClaimAct(ActKind.HOLDS if by_key else ActKind.WON, officer, key)
    if said == "already_held":
        return ClaimAct(ActKind.HOLDS, officer, key)
    if said in _OF_THE_CASE:
        return ClaimAct(ActKind(said), officer, key)
    if said is None or said in UNSTORED_REASONS or key is None:
        return None
    return ClaimAct(ActKind.NOT_WON, officer, key)


def _claimant(operation: Operation) -> tuple[str, str | None]:
    raw = operation.value
    officer, key = (raw.get("officer"), raw.get("key")) if isinstance(raw, dict) else (raw, None)
    if not isinstance(officer, str) or not (key is None or isinstance(key, str)):
        raise HistoryError(f"a claim needs an officer and, where it has one, a key, both as text: {operation}")
    if operation.f == "claim_by_key" and key is None:
        raise HistoryError(f"claim_by_key needs a key: {operation}")
    return officer, key


def _claim_answer(operation: Operation) -> str | None:
    """won, not_received or a reason; None where a question by key failed and shows nothing."""
    raw = operation.answer
    answer, reason = (raw.get("answer"), raw.get("reason")) if isinstance(raw, dict) else (raw, None)
    if operation.outcome is Kind.FAIL:
        if operation.f == "claim_by_key":
            return None
        said = reason or answer
    else:
        said = reason or answer or ("won" if operation.f == "claim" else None)
    if said in _OF_THE_CASE or said == "already_held" or said in PERSONAL_REASONS or said in UNSTORED_REASONS:
        return str(said)
    if operation.outcome is Kind.OK and (said == "won" or (said == "not_received" and operation.f != "claim")):
        return str(said)
    raise HistoryError(f"no answer that a claim can have, or a refusal without its reason: {operation}")


def _read_act(operation: Operation) -> ClaimAct:
    raw = operation.answer
    word, officers = (raw.get("status"), raw.get("officers")) if isinstance(raw, dict) else (raw, None)
    status = STATUSES.get(word.lower()) if isinstance(word, str) else None
    if status is None:
        raise HistoryError(f"a read needs one of the statuses {', '.join(STATUSES)}: {operation}")
    if officers is None:
        return ClaimAct(ActKind.READ, status=status)
    if not isinstance(officers, list) or not all(isinstance(officer, str) for officer in officers):
        raise HistoryError(f"the officers of a read are a list of texts: {operation}")
    return ClaimAct(ActKind.READ, status=status, officers=frozenset(officers))
