"""Every code that the HTTP surface can answer stands in the one table."""

import re
from pathlib import Path

from dispatch.cases.values import Refusal
from dispatch.people.service import SignInRefusal
from dispatch.people.tickets import TicketRefusal
from gateway.http.codes import CODES, RETRY_AFTER_S

NAMED = re.compile(r"\b(?:Problem\(|at\(|problem\(\s*(?:None|\d+),)\s*\"(\w+)\"")


def test_every_code_in_the_sources_is_in_the_table() -> None:
    found = {code for file in Path("gateway/http").glob("*.py") for code in NAMED.findall(file.read_text())}
    assert len(found) > 15
    assert found <= CODES.keys()


def test_every_refusal_has_a_title_and_a_sentence() -> None:
    assert {*map(str, Refusal), *map(str, SignInRefusal), *map(str, TicketRefusal)} <= CODES.keys()


def test_statuses_are_errors_and_sentences_end() -> None:
    for code, (status, title, sentence) in CODES.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert 400 <= status <= 599
        assert title and not title.endswith(".")
        assert sentence.endswith(".")
    assert RETRY_AFTER_S.keys() <= CODES.keys()
