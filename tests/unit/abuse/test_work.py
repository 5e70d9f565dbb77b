"""A proof of work: asked without a memory, of use for one report, for ten minutes, and only when it was done."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import limits
from dispatch.abuse.work import ANSWER, Work, WorkAsked, solve, solves

KEY, OTHER, NOW, BITS = "k" * 22, "o" * 22, 1_000_000.0, 5
work = Work(b"t" * 32)


def test_an_answer_is_taken_for_its_own_key_and_as_often_as_that_report_is_sent() -> None:
    answer = solve(work.ask(KEY, BITS, NOW))
    assert work.done(KEY, answer, NOW) and work.done(KEY, answer, NOW + limits.WORK_S - 1)
    assert Work(b"t" * 32).done(KEY, answer, NOW), "any process of the fleet knows its own question"
    assert not work.done(OTHER, answer, NOW), "an answer makes one case"
    assert not work.done(KEY, answer, NOW + limits.WORK_S), "half-open"
    assert not Work(b"u" * 32).done(KEY, answer, NOW)


def test_nobody_asks_themselves_an_easier_question() -> None:
    asked = work.ask(KEY, 15, NOW)
    easy = "1." + asked.challenge.partition(".")[2]
    forged = WorkAsked(challenge=easy, bits=1, parts=asked.parts, lasts_s=asked.lasts_s)
    assert not work.done(KEY, solve(forged), NOW)
    later = asked.challenge.replace(str(int(NOW) + limits.WORK_S), str(int(NOW) * 2))
    assert not work.done(KEY, solve(WorkAsked(challenge=later, bits=1, parts=16, lasts_s=1)), NOW)


def test_every_part_must_be_solved() -> None:
    asked = work.ask(KEY, BITS, NOW)
    challenge, _, numbers = solve(asked).partition(" ")
    found = [int(n) for n in numbers.split(",")]
    for part in range(asked.parts):
        wrong = next(n for n in range(1_000) if not solves(challenge, part, n, BITS))
        tried = [wrong if at == part else n for at, n in enumerate(found)]
        assert not work.done(KEY, f"{challenge} {','.join(map(str, tried))}", NOW), part


@pytest.mark.parametrize("bits", range(1, 11))
def test_bits_are_the_zeros_that_the_digest_begins_with(bits: int) -> None:
    challenge, _, numbers = solve(work.ask(KEY, bits, NOW)).partition(" ")
    for part, n in enumerate(map(int, numbers.split(","))):
        seed = hashlib.sha256(f"{challenge}.{part}".encode()).digest()
        drawn = [hashlib.sha256(seed + i.to_bytes(8, "big")).digest() for i in range(n + 1)]
        zeros = [f"{int.from_bytes(one, 'big'):0256b}".index("1") >= bits for one in drawn]
        assert zeros == [False] * n + [True]


NUMBERS = st.lists(st.integers(0, 10**16 - 1), min_size=16, max_size=16).map(lambda found: ",".join(map(str, found)))
HEADS = st.tuples(st.integers(0, 99), st.integers(0, 999), st.integers(0, 10**12 - 1))


@given(
    st.text(max_size=200) | st.builds(lambda head, n: f"{head[0]}.{head[1]}.{head[2]}.{'a' * 43} {n}", HEADS, NUMBERS)
)
def test_whatever_is_sent_as_an_answer_is_answered(sent: str) -> None:
    assert not work.done(KEY, sent, NOW)


def test_what_a_page_sends_has_the_form_that_is_asked_for() -> None:
    assert ANSWER.fullmatch(solve(work.ask(KEY, BITS, NOW)))
