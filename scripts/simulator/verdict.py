"""What the ledger proves. Pure: the same ledger always gives the same verdict.

What can be known from outside, W being the window (60 s): the service opens a case's window at some moment
between the first time its report was SENT and the time an answer was RECEIVED; it cannot have run out before
`first sent + W`, and has run out at `answer received + W`.

- early: the case went to the desk because its window ran out, and somebody (citizen, desk, or an officer who was
  told "late" or "at the desk") knew before `first sent + W`. Nothing earlier than that can be innocent.
- late: nobody, neither citizen nor desk, knew by `answer received + W + 2 s`; a case that nobody ever heard of at
  the desk, and whose receipt says that it is there, is late too.
- A case that goes to the desk for another reason that the service recorded (nobody near, everyone declined) has
  no window to run out and is neither.
- double: more officers were told to have won a round than the case has seats; one for each officer too many.
- lost: a report was accepted (answered 201) and its receipt does not lead to a case that is cleared, withdrawn or
  at the desk, or one key was answered by two cases.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.simulator.ledger import CaseLog, Ledger, Sent

LATE_S: Final = 2.0
FINAL: Final = frozenset({"cleared", "withdrawn", "at_station"})
WINDOW_CLOSED: Final = "window_closed"
AT_ONCE: Final = "nobody_near"
NAMED_MAX: Final = 20  # broken promises that the verdict names; all are counted


@dataclass(frozen=True, slots=True)
class Verdict:
    """`numbers` are what the report holds; `broken` names broken promises, empty when all held."""

    numbers: dict[str, Any]
    broken: tuple[str, ...]


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float | None]:
    """p50, p90, p99 in milliseconds by nearest rank; None of nothing."""
    ranked = sorted(seconds)
    return {
        f"p{q}": round(ranked[max(0, math.ceil(len(ranked) * q / 100) - 1)] * 1000, 1) if ranked else None
        for q in (50, 90, 99)
    }


def judge(ledger: Ledger, window_s: float) -> Verdict:
    """The verdict over a finished run: every receipt has been read."""
    by_case = {sent.case: sent for sent in ledger.sent.values() if sent.case is not None}
    double: list[str] = []
    lost: list[str] = []
    early: list[str] = []
    late: list[str] = []
    for sent in ledger.sent.values():
        if sent.case is not None and (why := _lost(sent, ledger.cases[sent.case])):
            lost.append(f"report {sent.number} was lost: {why}")
    for log in ledger.cases.values():
        double += _doubles(log)
        if (from_case := by_case.get(log.case)) is None:
            continue
        if why := _early(from_case, log, window_s):
            early.append(why)
        if why := _late(from_case, log, window_s):
            late.append(why)
    reports = list(by_case.values())
    logs = [ledger.cases[case] for case in by_case]
    reasons = [reason_of(log) for log in logs]
    numbers: dict[str, Any] = {
        "cases": len(by_case),
        "contested": sum(any(len(who) > 1 for who in log.claimed.values()) for log in logs),
        "claims_sent": ledger.claims_sent,
        "refused": ledger.refused,
        "max_claimers": max((len(who) for log in logs for who in log.claimed.values()), default=0),
        "claimed": sum(any(log.won.values()) for log in logs),
        "fell_back": reasons.count(WINDOW_CLOSED),
        "fell_back_at_once": reasons.count(AT_ONCE),
        "all_declined": reasons.count("all_declined"),
        "double_claims": len(double),
        "lost": len(lost),
        "early_fallbacks": len(early),
        "late_fallbacks": len(late),
        "offer_ms": percentiles_ms(_offer_s(reports, ledger)),
        "claim_ms": percentiles_ms(ledger.claim_s),
        "fallback_told_ms": percentiles_ms(_told_s(reports, ledger, window_s)),
    }
    return Verdict(numbers, tuple(double + lost + early + late))


def reason_of(log: CaseLog) -> str | None:
    """Why the case went to the desk: by its receipt at the end, else as it was told."""
    if log.read is not None and log.read.status == "at_station":
        return log.read.desk_reason or log.desk_reason
    return log.desk_reason


def _doubles(log: CaseLog) -> list[str]:
    return [
        f"case {log.case}, round {number}: {', '.join(sorted(who))} were all told that they won {log.seats} seat(s)"
        for number, who in log.won.items()
        for _ in range(len(who) - log.seats)
    ]


def _lost(sent: Sent, log: CaseLog) -> str | None:
    if sent.contradiction:
        return sent.contradiction
    if log.read is None:
        return "its receipt was never read"
    if log.read.status is None:
        return log.read.why or "its receipt opened nothing"
    if log.read.status not in FINAL:
        return f"case {log.case} is {log.read.status}, neither cleared nor at the desk"
    return None


def _early(sent: Sent, log: CaseLog, window_s: float) -> str | None:
    if reason_of(log) != WINDOW_CLOSED:
        return None
    told = min((t for t in (log.at_desk, log.hinted) if t is not None), default=None)
    if told is None or told >= sent.first + window_s:
        return None
    return f"case {log.case} was at the desk {told - sent.first:.3f} s after its report was first sent"


def _late(sent: Sent, log: CaseLog, window_s: float) -> str | None:
    if reason_of(log) != WINDOW_CLOSED:
        return None
    due = (sent.last if sent.acked is None else sent.acked) + window_s
    if log.at_desk is None:
        return f"case {log.case} is at the desk and nobody was told"
    if log.at_desk <= due + LATE_S:
        return None
    return f"case {log.case} was at the desk {log.at_desk - due:.3f} s after its window"


def _offer_s(reports: Sequence[Sent], ledger: Ledger) -> list[float]:
    """From a report's sending to each phone of its first wave that showed it; of reports sent once only."""
    return [
        at - sent.first
        for sent in reports
        if sent.attempts == 1 and sent.case is not None
        for at in ledger.cases[sent.case].offers
    ]


def _told_s(reports: Sequence[Sent], ledger: Ledger, window_s: float) -> list[float]:
    """How long after `answer received + W` anybody knew of the fallback; below zero counts as zero."""
    logs = [(sent, ledger.cases[sent.case]) for sent in reports if sent.case is not None]
    return [
        max(0.0, log.at_desk - (sent.last if sent.acked is None else sent.acked) - window_s)
        for sent, log in logs
        if log.at_desk is not None and reason_of(log) == WINDOW_CLOSED
    ]
