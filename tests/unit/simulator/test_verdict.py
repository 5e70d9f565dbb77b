"""The judge of a simulation finds what was planted, and nothing else."""

from uuid import UUID, uuid4

import pytest

from scripts.simulator.ledger import Ledger, Read
from scripts.simulator.verdict import Verdict, judge, percentiles_ms

W = 60.0


def told(
    *, at_desk: float | None = None, reason: str = "window_closed", read: Read | None = None
) -> tuple[Ledger, UUID]:
    """One report, sent at 100.0, sent again at 101.0, answered at 101.5; at the desk at `at_desk`."""
    ledger, case = Ledger(), uuid4()
    ledger.report_sent(1, 100.0)
    ledger.report_sent(1, 101.0)
    ledger.report_answered(1, case, "CODE", 101.5)
    if at_desk is not None:
        ledger.seen(case, "at_station", reason, at_desk)
        read = read or Read("at_station", reason)
    ledger.of(case).read = read or Read("cleared")
    return ledger, case


def numbers(ledger: Ledger) -> dict[str, object]:
    return judge(ledger, W).numbers


def test_a_run_without_anything_keeps_every_promise() -> None:
    assert judge(Ledger(), W).broken == ()


def test_two_officers_told_that_they_won_one_seat_are_a_double_claim() -> None:
    ledger, case = told()
    ledger.won(case, 1, "a")
    ledger.won(case, 1, "b")
    assert numbers(ledger)["double_claims"] == 1
    assert judge(ledger, W).broken


def test_one_officer_told_twice_is_no_double_claim() -> None:
    ledger, case = told()
    ledger.won(case, 1, "a")
    ledger.won(case, 1, "a")
    assert numbers(ledger)["double_claims"] == 0


def test_two_winners_of_two_seats_are_no_double_claim_and_a_third_is_one() -> None:
    ledger, case = told()
    ledger.offered(case, 2, 100.1, timed=True)
    for officer in "ab":
        ledger.won(case, 1, officer)
    assert numbers(ledger)["double_claims"] == 0
    ledger.won(case, 1, "c")
    assert numbers(ledger)["double_claims"] == 1


def test_winners_of_different_rounds_are_no_double_claim() -> None:
    ledger, case = told()
    ledger.won(case, 1, "a")
    ledger.won(case, 2, "b")
    assert numbers(ledger)["double_claims"] == 0


@pytest.mark.parametrize(
    ("at_desk", "early", "late"),
    [
        (159.999, 1, 0),  # before 60 s after it was first sent: no window opened after that can be over
        (160.0, 0, 0),
        (161.5, 0, 0),
        (163.5, 0, 0),  # exactly 2 s after the last moment at which the window may have ended
        (163.501, 0, 1),
    ],
)
def test_early_and_late_are_counted_from_what_is_certain(at_desk: float, early: int, late: int) -> None:
    ledger, _ = told(at_desk=at_desk)
    found = numbers(ledger)
    assert (found["early_fallbacks"], found["late_fallbacks"]) == (early, late)
    assert found["fell_back"] == 1
    assert len(judge(ledger, W).broken) == early + late


@pytest.mark.parametrize(
    ("reason", "counted"), [("nobody_near", "fell_back_at_once"), ("all_declined", "all_declined")]
)
def test_a_case_that_went_to_the_desk_for_another_reason_is_neither_early_nor_late(reason: str, counted: str) -> None:
    ledger, _ = told(at_desk=100.2, reason=reason)
    found = numbers(ledger)
    assert (found["fell_back"], found[counted], found["early_fallbacks"], found["late_fallbacks"]) == (0, 1, 0, 0)
    assert judge(ledger, W).broken == ()


def test_the_first_who_is_told_counts() -> None:
    ledger, case = told(at_desk=161.0)
    ledger.seen(case, "at_station", "window_closed", 170.0)
    assert numbers(ledger)["late_fallbacks"] == 0


def test_an_officer_refused_as_late_before_the_minute_is_over_proves_an_early_fallback() -> None:
    ledger, case = told(at_desk=162.0)
    ledger.refusal(case, "taken", 130.0)
    assert numbers(ledger)["early_fallbacks"] == 0
    ledger.refusal(case, "at_desk", 130.0)
    assert numbers(ledger)["early_fallbacks"] == 1


def test_a_case_at_the_desk_that_nobody_was_told_of_is_late() -> None:
    ledger, _ = told(read=Read("at_station", "window_closed"))
    assert numbers(ledger)["late_fallbacks"] == 1


@pytest.mark.parametrize(
    "read",
    [None, Read(None, why="404"), Read("offered"), Read("claimed"), Read("on_scene"), Read("received")],
)
def test_an_accepted_report_that_its_receipt_does_not_lead_to_the_end_is_lost(read: Read | None) -> None:
    ledger, case = told()
    ledger.of(case).read = read
    assert numbers(ledger)["lost"] == 1
    assert judge(ledger, W).broken


@pytest.mark.parametrize("status", ["cleared", "withdrawn"])
def test_a_finished_case_is_not_lost(status: str) -> None:
    ledger, _ = told(read=Read(status))
    assert numbers(ledger)["lost"] == 0


def test_one_key_answered_by_two_cases_is_a_lost_report() -> None:
    ledger, case = told()
    ledger.report_answered(1, case, "CODE", 102.0)
    assert numbers(ledger)["lost"] == 0
    ledger.report_answered(1, uuid4(), "OTHER", 103.0)
    assert numbers(ledger)["lost"] == 1


def test_a_report_that_was_never_accepted_is_no_case() -> None:
    ledger = Ledger()
    ledger.report_sent(1, 100.0)
    assert (numbers(ledger)["cases"], numbers(ledger)["lost"]) == (0, 0)


def test_contested_is_a_round_in_which_two_officers_tapped() -> None:
    ledger, case = told()
    ledger.claimed(case, 1, "a")
    ledger.claimed(case, 1, "a")  # the phone repeats it
    ledger.claimed(case, 2, "b")
    found = numbers(ledger)
    assert (found["contested"], found["claims_sent"], found["max_claimers"]) == (0, 2, 1)
    ledger.claimed(case, 2, "c")
    found = numbers(ledger)
    assert (found["contested"], found["claims_sent"], found["max_claimers"]) == (1, 3, 2)


def test_offers_of_a_report_that_was_sent_twice_are_not_timed() -> None:
    ledger, case = told()
    ledger.offered(case, 1, 100.5, timed=True)
    assert numbers(ledger)["offer_ms"] == {"p50": None, "p90": None, "p99": None}
    ledger.sent[1].attempts = 1
    assert numbers(ledger)["offer_ms"] == {"p50": 500.0, "p90": 500.0, "p99": 500.0}


def test_shares_never_break_a_promise() -> None:
    ledger, _ = told()
    assert judge(ledger, W) == Verdict(numbers(ledger), ())
    assert numbers(ledger)["contested"] == numbers(ledger)["fell_back"] == 0


def test_percentiles_are_by_nearest_rank() -> None:
    assert percentiles_ms([n / 1000 for n in range(1, 201)]) == {"p50": 100.0, "p90": 180.0, "p99": 198.0}
    assert percentiles_ms([0.007]) == {"p50": 7.0, "p90": 7.0, "p99": 7.0}
