"""Cases and facts as a process hears them, for tests of what is told to whom."""

from typing import Any
from uuid import UUID

from dispatch.cases.facts import CaseState, Fact, HolderState
from dispatch.cases.values import Status

CASE = UUID(int=0xCA5E)
ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


def state(**other: Any) -> CaseState:
    """An open offer, 60 s to go, unless told otherwise."""
    meant: dict[str, Any] = {
        "id": CASE, "station": "s1", "category": "theft", "words": "自行车被偷", "lat": 32.05127, "lon": 118.80134,
        "accuracy_m": 12.0, "status": Status.OFFERED, "round": 1, "wave": 1, "seats": 1, "fence": 0, "seq": 2,
        "received_us": 1, "remaining_ms": 60_000, "age_ms": 0, "desk_reason": None, "acknowledged": False, "alarms": 0,
        "disposition": None, "exercise": False, "declined": (), "handed_back": (), "holders": (),
    }  # fmt: skip
    return CaseState(**(meant | other))


def holder(officer: UUID, fence: int = 1) -> HolderState:
    return HolderState(
        officer=officer, call_sign=f"04{officer.int:02}", surname="李", seat=1, fence=fence, state="claimed"
    )


def fact(offset: int, kind: str = "offer_opened", *, of: CaseState | None = None, **other: Any) -> Fact:
    """An entry of stream s1."""
    meant: dict[str, Any] = {
        "stream": "s1", "offset": offset, "kind": kind, "actor": "service", "at_us": offset, "body": {},
        "case": of.id if of else None, "seq": of.seq if of else None, "state": of,
    }  # fmt: skip
    return Fact(**(meant | other))
