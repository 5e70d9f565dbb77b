"""How far a number's word went before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.abuse.trust import TRUE, trust_of
from dispatch.abuse.values import Trust
from dispatch.cases.values import Disposition

HOAX, TOLD, OPEN = Disposition.HOAX, Disposition.FOUNDED, None
NEITHER = [one for one in Disposition if one is not HOAX and one not in TRUE]


@pytest.mark.parametrize(
    ("ended", "trust"),
    [
        ([], Trust.CONFIRMED), ([OPEN] * 20, Trust.CONFIRMED), ([HOAX], Trust.CONFIRMED), ([HOAX] * 2, Trust.DOUBTED),
        ([HOAX, HOAX, TOLD], Trust.DOUBTED), ([HOAX, HOAX, TOLD, TOLD], Trust.CONFIRMED), ([TOLD], Trust.CONFIRMED),
        ([TOLD] * 2, Trust.PROVEN), ([TOLD] * 9 + [HOAX], Trust.CONFIRMED), (NEITHER * 3, Trust.CONFIRMED),
    ],
)  # fmt: skip
def test_two_hoaxes_and_more_than_what_was_true_are_doubted_and_two_true_ones_without_a_hoax_are_proven(
    ended: list[Disposition | None], trust: Trust
) -> None:
    assert trust_of(ended) is trust


@given(st.lists(st.sampled_from([*Disposition, None])))
def test_one_more_true_report_never_makes_a_number_less_trusted(ended: list[Disposition | None]) -> None:
    order = [Trust.DOUBTED, Trust.CONFIRMED, Trust.PROVEN]
    assert order.index(trust_of([*ended, TOLD])) >= order.index(trust_of(ended))
    assert order.index(trust_of([*ended, HOAX])) <= order.index(trust_of(ended))
