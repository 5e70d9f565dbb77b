"""A claim as a careful phone makes it: one key, sent until the outcome is known, every attempt in the history."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import msgspec

from dispatch.cases import views
from gateway.wire.messages import ClaimMessage
from scripts.chaos_rows.crew import ATTEMPT_S, Phone, attempt
from scripts.chaos_rows.record import Call, Record
from scripts.checker.history import Kind
from scripts.simulator.doors import turned
from scripts.simulator.http import Answer, Unanswered

UNDECIDED: Final = frozenset({"busy", "overloaded", "too_fast"})
"""Nothing was decided: the same key may have any answer next time."""
PAUSE_FIRST_S: Final = 0.1
PAUSE_S_MAX: Final = 1.0
"""A phone's pause after an attempt without any answer, drawn anew and longer each time. Well within the 5 s of A2."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Claimed:
    """`answer`: won, a reason, or None where the outcome was not learned in time. `first_s`: of the first attempt,
    where that was answered. `resolved`: monotonic seconds when the outcome was known. `fence` of a winner."""

    phone: Phone
    case: UUID
    key: str
    answer: str | None
    first_s: float | None
    resolved: float
    fence: int = 0
    doubts: int = 0
    asked_by_key: int = 0
    undecided: Mapping[str, int] = field(default_factory=dict)
    """What was said as long as nothing was decided, and how often; `nothing` for no answer at all."""

    @property
    def won(self) -> bool:
        return self.answer == "won"

    @property
    def meanwhile(self) -> str:
        """What the phone was told while nothing was decided: without it nobody finds out why that took long."""
        said = ", ".join(f"{reason} {count}" for reason, count in sorted(self.undecided.items()))
        return f"told before: {said}; sent away {self.phone.sent_away} times"


async def claim(
    phone: Phone, case: UUID, round_: int, key: str, record: Record, *, over_http: bool, limit_s: float = 30.0
) -> Claimed:
    """Sends the claim; asks by its key after every doubt; sends it again with the same key where nothing arrived."""
    began, doubts, asked, first_s = time.monotonic(), 0, 0, None
    undecided = Counter[str]()
    while time.monotonic() - began < limit_s:
        sent = time.monotonic()
        if over_http:
            result = await _over_http(phone, case, round_, key, record)
        else:
            result = await _over_socket(phone, case, round_, key, record)
        if result is not None and doubts == 0 and first_s is None:
            first_s = time.monotonic() - sent
        if result is None:
            doubts += 1
            asked += 1
            undecided["nothing"] += 1
            result = await _by_key(phone, case, key, record)
        if result is not None and result.reason not in UNDECIDED and result.reason != "not_received":
            answer = "won" if result.ok else result.reason
            fence = result.fence or 0
            return Claimed(phone, case, key, answer, first_s, time.monotonic(), fence, doubts, asked, undecided)
        undecided[str(result.reason) if result is not None else "nothing by key"] += 1
        if result is None:  # two hundred who repeat without a pause keep a busy machine from answering any of them
            await asyncio.sleep(random.uniform(0, min(PAUSE_S_MAX, PAUSE_FIRST_S * 2**doubts)))
        if result is not None and result.reason in UNDECIDED:
            await asyncio.sleep(0.1)
    return Claimed(phone, case, key, None, first_s, time.monotonic(), 0, doubts, asked, undecided)


async def _over_socket(phone: Phone, case: UUID, round_: int, key: str, record: Record) -> views.Result | None:
    if not phone.line.ready.is_set():
        await asyncio.sleep(0.05)
        return await _over_http(phone, case, round_, key, record)
    call = record.call(phone.login, "claim", case, {"officer": str(phone.officer), "key": key})
    answer = phone.expect(key)
    result = None
    try:
        if await phone.send(ClaimMessage(case=case, round=round_, key=key)):
            result = await asyncio.wait_for(answer, ATTEMPT_S)
    except TimeoutError:
        pass
    answer.cancel()  # one that nobody waits for would take the answer of the next attempt
    return _noted(call, result)


async def _over_http(phone: Phone, case: UUID, round_: int, key: str, record: Record) -> views.Result | None:
    call = record.call(phone.login, "claim", case, {"officer": str(phone.officer), "key": key})
    body, result = _encode({"round": round_, "key": key}), None
    try:
        answer = await attempt(phone.person, "POST", f"/v1/cases/{case}/claims", body)
        result = _result(answer, key)
    except Unanswered:
        pass
    return _noted(call, result)


async def _by_key(phone: Phone, case: UUID, key: str, record: Record) -> views.Result | None:
    call = record.call(phone.login, "claim_by_key", case, {"officer": str(phone.officer), "key": key})
    result = None
    try:
        answer = await attempt(phone.person, "GET", f"/v1/claims/{key}")
        if answer.status == 200:
            result = msgspec.json.decode(answer.body, type=views.Result)
        else:
            await asyncio.sleep(0.2)
    except Unanswered:
        await asyncio.sleep(0.1)
    if result is None:
        call.done(Kind.INFO)
    elif result.ok or result.reason == "not_received":
        call.done(Kind.OK, "won" if result.ok else "not_received")
    else:
        call.done(Kind.OK, {"reason": result.reason})
    return result


def _result(answer: Answer, key: str) -> views.Result | None:
    """200 carries a result; a problem may say that nothing was decided; anything else says nothing."""
    if answer.status == 200:
        return msgspec.json.decode(answer.body, type=views.Result)
    code = turned(answer).code
    return views.Result(key=key, ok=False, reason=code) if code in UNDECIDED else None


def _noted(call: Call, result: views.Result | None) -> views.Result | None:
    if result is None or result.reason == "away":
        call.done(Kind.INFO)
        return None
    if result.ok:
        call.done(Kind.OK, "won")
    else:
        call.done(Kind.FAIL, {"reason": result.reason})
    return result
