"""How evenly claims fall: the coefficient itself, and who is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.insight.fairness import OnDuty, fairness, gini

HOUR_US = 3_600_000_000
RATES = st.lists(st.floats(0, 1_000, allow_nan=False), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("values", "meant"),
    [([], None), ([5], 0.0), ([2, 2, 2], 0.0), ([0, 0], 0.0), ([0, 0, 0, 1], 0.75), ([1, 2, 3], 2 / 9), ([0, 1], 0.5)],
)
def test_known_shares_have_the_known_coefficient(values: list[float], meant: float | None) -> None:
    assert gini(values) == (None if meant is None else pytest.approx(meant))


@given(values=RATES)
def test_it_is_half_the_mean_difference_over_the_mean(values: list[float]) -> None:
    whole, n = sum(values), len(values)
    meant = sum(abs(a - b) for a in values for b in values) / (2 * n * whole) if whole else 0.0
    found = gini(values)
    assert found == pytest.approx(meant, abs=1e-9)
    assert found is not None and 0.0 <= found <= 1.0
    assert gini(values[::-1]) == found


def test_a_rate_is_per_hour_on_duty_so_that_who_works_twice_as_long_may_claim_twice() -> None:
    assert fairness([OnDuty("s1", HOUR_US, 2), OnDuty("s1", 2 * HOUR_US, 4)]) == (2, 0.0)
    assert fairness([OnDuty("s1", HOUR_US, 0), OnDuty("s1", HOUR_US, 4)]) == (2, 0.5)


def test_who_was_on_duty_for_a_moment_is_not_compared() -> None:
    moment = OnDuty("s1", 10_000_000, 1)
    assert fairness([OnDuty("s1", HOUR_US, 2), moment]) == (1, 0.0)
    assert fairness([OnDuty("s1", HOUR_US, 2), moment], on_s_min=10.0)[0] == 2
    assert fairness([moment]) == (0, None)
    assert fairness([OnDuty("s1", 0, 0)], on_s_min=0.0) == (0, None)
