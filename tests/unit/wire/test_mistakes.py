"""A message that is not understood is answered by its own code and a sentence that names the place."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.problems import Problem
from gateway.wire.messages import ClientMessage
from gateway.wire.mistakes import READING, read_message, said

CASE = "5b0c6f3e-8a5e-4b0e-9d1c-2f6a7c1d0e11"
KEY = "k" * 16


def message(tag: str, **fields: object) -> bytes:
    return json.dumps({"t": tag, **fields}).encode()


MISTAKES = [
    (b"{", "malformed_json", ""),
    (b"", "malformed_json", ""),
    (b'{"t":"hello","v":1}x', "malformed_json", ""),
    (b"[]", "field_invalid", ""),
    (b"{}", "field_missing", "/t"),
    (message("shout"), "message_unknown", "/t"),
    (message("welcome"), "message_unknown", "/t"),
    (b'{"t":7}', "field_invalid", "/t"),
    (message("hello"), "field_missing", "/v"),
    (message("hello", v="1"), "field_invalid", "/v"),
    (message("hello", v=1, at={"a": -1}), "field_invalid", ""),
    (message("claim", case=CASE, round=1), "field_missing", "/key"),
    (message("claim", case="x", round=1, key=KEY), "field_invalid", "/case"),
    (message("claim", case=CASE, round=-1, key=KEY), "field_invalid", "/round"),
    (message("claim", case=CASE, round=2**31, key=KEY), "field_invalid", "/round"),
    (message("claim", case=CASE, round=1, key="short"), "field_invalid", "/key"),
    (message("claim", case=CASE, round=1, key=KEY, officer=CASE), "field_unknown", "/officer"),
    (message("fix", lat=91, lon=100), "latitude_out_of_range", "/lat"),
    (message("fix", lat=0, lon=181), "longitude_out_of_range", "/lon"),
    (message("fix", lat=118.8, lon=32.0), "coordinates_swapped", "/lat"),
    (message("fix", lon=0), "place_missing", "/lat"),
    (b'{"t":"fix","lat":NaN,"lon":1}', "coordinate_not_finite", ""),
    (message("fix", lat=1, lon=1, datum="bd09"), "datum_unknown", "/datum"),
    (message("hand_back", case=CASE, fence=1, key=KEY, reason="a\0b"), "character_not_allowed", "/reason"),
    (message("cleared", case=CASE, fence=1, key=KEY, disposition="bored"), "field_invalid", "/disposition"),
    (b"[" * 8000, "malformed_json", ""),
    (b'{"t":"hello","v":' + b"[" * 8000, "field_invalid", "/v"),
]


@pytest.mark.parametrize(("text", "code", "place"), MISTAKES)
def test_each_mistake_has_its_own_code_and_a_sentence(text: bytes, code: str, place: str) -> None:
    with pytest.raises(Problem) as caught:
        read_message(text)
    assert caught.value.code == code or (not place and caught.value.code in ("field_invalid", "malformed_json"))
    sentence = said(caught.value)
    assert f"(at {place})" in sentence if place else sentence.endswith((".", ")"))


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    text = message("decline", case=CASE, round=1, key=KEY, reason="\\u0000 is a code")
    assert rb"\\u0000" in text
    assert getattr(read_message(text), "reason", None) == "\\u0000 is a code"


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_whatever_comes_is_a_message_or_a_known_code(text: bytes) -> None:
    try:
        assert isinstance(read_message(text), ClientMessage)
    except Problem as problem:
        assert problem.code in READING
        assert said(problem)


def test_what_is_right_is_read() -> None:
    for one in (message("ask", key=KEY), message("hello", v=1, token=None, at={"xw-1": 7})):
        assert msgspec.json.decode(msgspec.json.encode(read_message(one)), type=ClientMessage) == read_message(one)
