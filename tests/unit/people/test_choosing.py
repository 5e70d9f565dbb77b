"""Which passwords may be chosen."""

from typing import Final
from uuid import uuid4

import pytest

from dispatch import limits
from dispatch.adapters.common import ListedPasswords
from dispatch.people.choosing import Choosing, Poor
from dispatch.people.ports import Account
from dispatch.people.values import Role

LISTED: Final = ListedPasswords()
CHOOSING: Final = Choosing.among(LISTED, ["Nanjing"])
OFFICER: Final = Account(
    id=uuid4(), role=Role.OFFICER, password="", station="xuanwu-2", officer=uuid4(), call_sign="K-417", suspended=False
)


def poor(chosen: str, old: str = "an older one, 9") -> Poor | None:
    return CHOOSING.poor(chosen, "officer-0417", old, OFFICER)


def test_the_list_holds_more_than_three_thousand_that_are_long_enough_here() -> None:
    known = LISTED._known
    assert len(known) > 40_000
    assert all(len(one) >= limits.CHOSEN_CHARS_MIN and one == one.casefold() for one in known)


@pytest.mark.parametrize("chosen", ["q1w2e3r4t5y6", "Q1W2E3R4T5Y6", "123456qwerty", "1qaz2wsx3edc", "PolniyPizdec0211"])
def test_what_was_stolen_elsewhere_is_not_chosen_here(chosen: str) -> None:
    assert poor(chosen) is Poor.COMMON


@pytest.mark.parametrize(
    "chosen",
    [
        "OnBeat-Police-1",
        "officer-0417-abcde",
        "xuanwu-2-k-417",
        "nanjing-12345",
        "NANJING Officer!",
        "就近接单就近接单1234",
        "admin.K-417.abc",
    ],
)
def test_words_of_the_house_the_town_and_the_own_account_make_no_password(chosen: str) -> None:
    assert poor(chosen) is Poor.OF_THE_HOUSE


@pytest.mark.parametrize(
    "chosen", ["short", "a" * 40, "ababababababab", "an older one, 9", "x" * 257, "officer-0417" * 3]
)
def test_too_short_too_long_too_few_signs_or_the_old_one(chosen: str) -> None:
    assert poor(chosen) is Poor.WEAK


@pytest.mark.parametrize(
    "chosen",
    [
        "apples and pears, 7",
        "nanjing ducks walk slowly",
        "梧桐树下的旧自行车铃声响了",
        "7391 4402 8815 66",
        " x y z 4 q 5 ",
    ],
)
def test_whatever_else_is_long_enough_may_be_chosen(chosen: str) -> None:
    assert poor(chosen) is None
