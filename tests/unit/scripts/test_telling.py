"""What tells two kinds of answers apart, against textbook figures and drawn ones."""

import random

import pytest

from scripts.guarding.receipts_row import far, generated, near
from scripts.guarding.telling import AUC_MAX, P_MIN, auc, even, mann_whitney_p


def test_kinds_that_never_overlap_are_told_apart_whichever_is_slower() -> None:
    assert auc([1.0, 2.0], [3.0, 4.0]) == auc([3.0, 4.0], [1.0, 2.0]) == 1.0
    assert auc([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 0.5
    assert auc([1.0, 1.0], [1.0, 2.0]) == 0.75, "equal times are worth a half"


def test_a_textbook_sample_has_its_p() -> None:
    # Hollander and Wolfe, table 4.1: U = 35 of 50; by the normal approximation z = 10 / sqrt(50 * 16 / 12) = 1.2247.
    one = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    other = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert auc(one, other) == pytest.approx(0.7)
    assert mann_whitney_p(one, other) == pytest.approx(0.2207, abs=1e-3)


def test_a_twentieth_more_is_found_and_nothing_is_not() -> None:
    dice = random.Random(20261130)
    same = [[dice.gauss(10.0, 1.0) for _ in range(5_000)] for _ in range(2)]
    assert auc(*same) <= AUC_MAX and mann_whitney_p(*same) > P_MIN
    later = [took + 0.5 for took in same[1]]
    assert auc(same[0], later) > AUC_MAX and mann_whitney_p(same[0], later) < P_MIN
    with pytest.raises(ValueError, match="nothing"):
        auc([], [1.0])


def test_even_draws_pass_and_a_loaded_die_does_not() -> None:
    assert even([100] * 32) > 0.99
    assert even([10, 20, 30]) == pytest.approx(0.0067, abs=0.001), "chi square 10 with two degrees"
    assert even([100] * 31 + [200]) < 1e-5


def test_codes_are_drawn_evenly_and_a_near_one_differs_in_one_secret_sign() -> None:
    told = generated(5_000)
    assert told["twice"] == 0 and told["chi_square_p_least"] > 1e-5
    code = far()
    assert len(near(code)) == len(code) and near(code)[:27] == code[:27] and near(code)[27] != code[27]
