"""Results that are put together from parts read as if they had been written whole."""

from uuid import UUID

import msgspec
import pytest

from dispatch.cases.facts import Answer
from dispatch.cases.values import Refusal
from gateway.wire.messages import decoder
from gateway.wire.sentences import Results, result

CASE = UUID(int=7)
ANSWERS = (
    Answer(ok=True, reason=None, response={"case": str(CASE), "fence": 3, "won": True}),
    Answer(ok=False, reason=Refusal.TAKEN, response={}),
    Answer(ok=False, reason=Refusal.LATE, response={"case": str(CASE)}),
    Answer(ok=True, reason=None, response={"case": str(CASE), "status": "offered", "made": str(CASE)}),
)


@pytest.mark.parametrize("key", ["k" * 16, "A-z_09" * 10 + "abcd"])
def test_a_result_from_parts_is_the_result(key: str) -> None:
    results, encode = Results(), msgspec.json.Encoder().encode
    for answer in (*ANSWERS, *ANSWERS, ANSWERS[0], ANSWERS[0]):
        assert results.encoded(key, answer) == encode(result(key, answer))


@pytest.mark.parametrize("key", ['k"k' * 6, "k\\" * 10, "é" * 16, "\n" * 16])
def test_a_key_that_would_need_care_is_never_read(key: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(msgspec.json.encode({"t": "claim", "case": str(CASE), "round": 1, "key": key}))
