"""Receipt codes: written by people, read by people."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from dispatch.people.receipts import ALPHABET, CODE_CHARS, code_for, mac, normalise, valid_check

PEPPER = b"p" * 32
keys = st.text(alphabet="ABCabc012-_", min_size=22, max_size=64)


@given(keys)
def test_a_code_is_six_groups_of_four_and_passes_its_own_check(key: str) -> None:
    code = code_for(PEPPER, key)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert valid_check(code)


def test_the_same_report_hears_the_same_code_and_another_pepper_another() -> None:
    assert code_for(PEPPER, "k" * 22) == code_for(PEPPER, "k" * 22)
    assert code_for(PEPPER, "k" * 22) != code_for(PEPPER, "l" * 22)
    assert code_for(PEPPER, "k" * 22) != code_for(b"q" * 32, "k" * 22)


def test_however_a_code_is_written_it_finds_the_same_case() -> None:
    code = code_for(PEPPER, "z" * 22)
    ways = [
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f"  {code.replace('-', ' – ')}\n",
        code.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
        "".join(chr(ord(one) + 0xFEE0) for one in code),  # full-width, as an input method may give them
    ]
    for way in ways:
        assert valid_check(way), way
        assert mac(PEPPER, way) == mac(PEPPER, code), way
        assert normalise(way) == code.replace("-", "")


def test_every_single_wrong_character_is_noticed() -> None:
    code = normalise(code_for(PEPPER, "s" * 22))
    for at in range(CODE_CHARS):
        for wrong in ALPHABET:
            if wrong != code[at]:
                assert not valid_check(code[:at] + wrong + code[at + 1 :])


def test_every_swap_of_two_different_characters_is_noticed() -> None:
    code = normalise(code_for(PEPPER, "t" * 22))
    for one in range(CODE_CHARS):
        for two in range(one + 1, CODE_CHARS):
            if code[one] != code[two]:
                swapped = list(code)
                swapped[one], swapped[two] = code[two], code[one]
                assert not valid_check("".join(swapped))


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    assert valid_check(text) in (True, False)
    assert len(mac(PEPPER, text)) == 32


def test_all_bits_of_a_code_are_used() -> None:
    seed = 7
    print(f"seed {seed}")
    dice = random.Random(seed)
    seen: list[set[str]] = [set() for _ in range(CODE_CHARS)]
    for _ in range(2_000):
        for at, character in enumerate(normalise(code_for(PEPPER, f"{dice.getrandbits(128):032x}"))):
            seen[at].add(character)
    assert all(len(characters) == 32 for characters in seen)
