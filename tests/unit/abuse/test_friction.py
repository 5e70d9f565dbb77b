"""What a report is asked for: nothing in calm, work under load, the desk past that. There is no no."""

import itertools
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import limits
from dispatch.abuse.friction import DESK_FROM, WORK_FROM, judge, network_of
from dispatch.abuse.values import CALM, Confirm, Look, Subject, Trust

COUNTS = st.dictionaries(st.sampled_from(Subject), st.integers(0, 10**9))


def anonymous(**counts: int) -> Look:
    return judge({Subject(name): n for name, n in counts.items()}, named=False, trust=Trust.UNKNOWN, times=1)


def named(trust: Trust = Trust.CONFIRMED, **counts: int) -> Look:
    return judge({Subject(name): n for name, n in counts.items()}, named=True, trust=trust, times=1)


def test_in_calm_nothing_is_asked_of_anybody() -> None:
    assert anonymous() is CALM and named() is CALM and named(Trust.PROVEN) is CALM
    assert anonymous(address=limits.REPORTS_PER_ADDRESS - 1, block=limits.REPORTS_PER_BLOCK - 1) is CALM


@pytest.mark.parametrize(("subject", "limit"), WORK_FROM.items())
def test_work_begins_at_each_limit_and_grows_by_a_bit_as_often_as_the_count_doubles(
    subject: Subject, limit: int
) -> None:
    least, most = limits.WORK_BITS
    assert anonymous(**{subject: limit - 1}).bits == 0
    assert anonymous(**{subject: limit}).bits == least
    assert anonymous(**{subject: 2 * limit - 1}).bits == least
    assert anonymous(**{subject: 2 * limit}).bits == least + 1
    assert anonymous(**{subject: 10**9}).bits == most, "a phone solves it in seconds, whatever comes"


@pytest.mark.parametrize(("subject", "limit", "why"), [(s, n, why) for s, (n, why) in DESK_FROM.items()])
def test_the_desk_confirms_from_each_limit_on(subject: Subject, limit: int, why: Confirm) -> None:
    with_number = subject is Subject.NUMBER

    def look(count: int) -> Look:
        return judge({subject: count}, named=with_number, trust=Trust.CONFIRMED, times=1)

    assert look(limit - 1).confirm is None
    assert look(limit).confirm is why


def test_many_reports_from_everywhere_are_asked_for_work_and_still_reach_officers() -> None:
    assert anonymous(everyone=10**9).confirm is None, "a bad night in a city is no hoax"


def test_who_confirmed_a_number_does_no_work_and_answers_for_no_neighbour() -> None:
    assert named(address=10**6, block=10**6, everyone=10**6) is CALM


def test_a_doubted_number_goes_to_the_desk_however_few_it_sends() -> None:
    assert named(Trust.DOUBTED) == Look(0, Confirm.TRUST)


def test_limits_count_as_often_as_the_operator_says() -> None:
    counts = {Subject.ADDRESS: 6 * limits.REPORTS_PER_ADDRESS}
    assert judge(counts, named=False, trust=Trust.UNKNOWN, times=7) is CALM
    assert judge(counts, named=False, trust=Trust.UNKNOWN, times=0.5).bits == limits.WORK_BITS[1]


@given(COUNTS, st.booleans(), st.sampled_from(Trust), st.floats(0.001, 999_999))
def test_whatever_is_known_of_a_source_its_report_can_be_made(
    counts: dict[Subject, int], with_number: bool, trust: Trust, times: float
) -> None:
    look = judge(counts, named=with_number, trust=trust, times=times)
    assert look.bits in (0, *range(limits.WORK_BITS[0], limits.WORK_BITS[1] + 1))
    assert look.confirm is None or look.confirm in Confirm
    assert not (with_number and look.bits)


def test_there_is_no_word_for_a_ban() -> None:
    assert {*get_type_hints(Look)} == {"bits", "confirm"}, "a third answer would be a refusal"
    assert get_args(get_type_hints(Look)["confirm"]) == (Confirm, type(None))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("198.51.100.7", "198.51.100.7", {Subject.ADDRESS, Subject.BLOCK}),
        ("198.51.100.7", "198.51.100.8", {Subject.BLOCK}),
        ("198.51.100.7", "198.51.101.7", set()),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", {Subject.ADDRESS, Subject.BLOCK}),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", {Subject.BLOCK}),
        ("2001:db8:1:2::1", "2001:db8:1:102::1", set()),
        ("::ffff:198.51.100.7", "198.51.100.7", {Subject.ADDRESS, Subject.BLOCK}),
        ("127.0.0.1", "127.0.0.1", set()),
        ("::1", "::1", set()),
        ("", "", set()),
        ("unix:", "unix:", set()),
    ],
)
def test_what_two_addresses_are_counted_together_by(one: str, other: str, shared: set[Subject]) -> None:
    pairs = itertools.product(network_of(one), network_of(other))
    assert {a[0] for a, b in pairs if a == b} == shared
