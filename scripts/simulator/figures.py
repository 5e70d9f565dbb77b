"""What a run says of its policy: how long people wait, how far officers come, how many phones ring, how fair it was.

Seen from outside, by the simulator's clock and the places its officers walk; `dispatch.insight` reads the same from the
history. Pure.
"""

from collections.abc import Sequence
from typing import Any

from dispatch.insight.fairness import US_PER_S, OnDuty, fairness
from scripts.simulator.ledger import CaseLog, Ledger, Sent
from scripts.simulator.verdict import WINDOW_CLOSED, percentiles_ms, reason_of


def figures_of(ledger: Ledger) -> dict[str, Any]:
    """Beside the verdict's numbers.

    `wait_ms`: from a report's sending until an officer had the case, or the desk was told that it has: everybody's wait
    ends. `way_m`: straight metres from the officer who took a case to its place, then. `phones_rung`: cards shown, a
    case. `fallback_share`: windows that ran out, of all cases. `fairness`: as `GET /v1/figures`.
    """
    pairs = [(sent, ledger.cases[sent.case]) for sent in ledger.sent.values() if sent.case is not None]
    waits = [wait for sent, log in pairs if (wait := _wait_s(sent, log)) is not None]
    fell_back = sum(reason_of(log) == WINDOW_CLOSED for _, log in pairs)
    compared, even = fairness(_officers(ledger), on_s_min=0.0)
    return {
        "wait_ms": percentiles_ms(waits),
        "way_m": _metres([log.way_m for _, log in pairs if log.way_m is not None]),
        "phones_rung": round(sum(log.rung for _, log in pairs) / len(pairs), 2) if pairs else None,
        "fallback_share": round(fell_back / len(pairs), 4) if pairs else None,
        "fairness": even,
        "officers_compared": compared,
    }


def _wait_s(sent: Sent, log: CaseLog) -> float | None:
    ended = min((at for at in (log.taken_at, log.at_desk) if at is not None), default=None)
    return None if ended is None else max(0.0, ended - sent.first)


def _metres(metres: Sequence[float]) -> dict[str, float | None]:
    return percentiles_ms([one / 1000 for one in metres])


def _officers(ledger: Ledger) -> list[OnDuty]:
    """Everybody is on duty until the town's day ends."""
    ends = ledger.day_ended
    return [
        OnDuty("", round((ends - since) * US_PER_S), ledger.taken_by.get(login, 0))
        for login, since in ledger.on_duty.items()
        if ends is not None and ends > since
    ]
