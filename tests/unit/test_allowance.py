"""A limit that nobody is locked out by: the claims of an officer."""

from dispatch.allowance import Allowance
from dispatch.limits import CLAIMS_PER_MIN_MAX


def test_who_used_up_a_burst_waits_a_moment_and_not_a_minute() -> None:
    """A phone that repeats one claim while the database is away spends its minute in seconds: half a window of silence
    afterwards was an outcome that stayed unknown (A2)."""
    allowance = Allowance(CLAIMS_PER_MIN_MAX, CLAIMS_PER_MIN_MAX / 60)
    now = 100.0
    for number in range(CLAIMS_PER_MIN_MAX):
        assert allowance.allowed("o", now + number * 0.1)
    now += CLAIMS_PER_MIN_MAX * 0.1
    spared = sum(allowance.allowed("o", now + number * 0.01) for number in range(10))
    assert spared <= CLAIMS_PER_MIN_MAX * 0.1 + 1
    assert any(allowance.allowed("o", now + 0.1 + number * 0.1) for number in range(11)), "within a second"


def test_in_the_long_run_it_is_as_many_a_minute_and_no_more() -> None:
    allowance = Allowance(60, 1.0)
    done = sum(allowance.allowed("o", number * 0.05) for number in range(20 * 600))
    assert 600 <= done <= 660


def test_each_has_an_own_and_who_rested_is_as_good_as_new_and_forgotten() -> None:
    allowance = Allowance(2, 1.0)
    assert allowance.allowed("a", 0.0) and allowance.allowed("a", 0.0) and not allowance.allowed("a", 0.0)
    assert allowance.allowed("b", 0.0)
    allowance.forget(1.0)
    assert len(allowance) == 2
    allowance.forget(2.0)
    assert len(allowance) == 0
    assert allowance.allowed("a", 2.0) and allowance.allowed("a", 2.0) and not allowance.allowed("a", 2.0)
    assert not allowance.allowed("a", 1.5), "a clock that went back gives nothing"
