"""What a run says of its policy, from a ledger written by hand."""

from uuid import UUID

from scripts.simulator.figures import figures_of
from scripts.simulator.ledger import Ledger

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def ledger() -> Ledger:
    """Taken after 2 s, at the desk after 60 s, taken late by the clock of the phone and told at the desk before."""
    made = Ledger()
    for number, case in enumerate((A, B, C), 1):
        made.report_sent(number, 100.0)
        made.report_answered(number, case, f"receipt {number}", 100.1)
    made.took(A, "officer-1", 102.0, 800.0)
    made.took(A, "officer-2", 104.0, 100.0)
    made.seen(B, "at_station", "window_closed", 160.0)
    made.took(C, "officer-1", 170.0, 3_000.0)
    made.seen(C, "at_station", "nobody_near", 101.0)
    for case in (A, A, A, B):
        made.rang(case)
    made.on_duty = {"officer-1": 90.0, "officer-2": 90.0, "officer-3": 90.0, "late": 400.0}
    made.day_ended = 390.0
    return made


def test_a_wait_ends_when_an_officer_or_the_desk_has_the_case() -> None:
    assert figures_of(ledger())["wait_ms"] == {"p50": 2_000.0, "p90": 60_000.0, "p99": 60_000.0}


def test_the_way_is_that_of_the_first_officer() -> None:
    assert figures_of(ledger())["way_m"] == {"p50": 800.0, "p90": 3_000.0, "p99": 3_000.0}


def test_shares_are_of_all_cases() -> None:
    found = figures_of(ledger())
    assert (found["phones_rung"], found["fallback_share"]) == (1.33, 0.3333)


def test_fairness_is_over_everybody_who_was_on_duty_also_without_a_case() -> None:
    found = figures_of(ledger())
    assert (found["officers_compared"], found["fairness"]) == (3, 0.4444)


def test_an_empty_run_says_nothing() -> None:
    found = figures_of(Ledger())
    assert (found["fairness"], found["fallback_share"], found["wait_ms"]["p50"]) == (None, None, None)
