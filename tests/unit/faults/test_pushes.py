"""A message is missing as a whole or not at all, however the bytes are cut."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.faults.pushes import PushFilter
from scripts.faults.toxics import DropPushes

FACTS, FIXES = b"onbeat:facts", b"onbeat:fixes"
OTHERS = (
    b"+PONG\r\n",
    b"*3\r\n$9\r\nsubscribe\r\n$12\r\nonbeat:facts\r\n:1\r\n",
    b"*2\r\n$4\r\npong\r\n$0\r\n\r\n",
    b"$-1\r\n",
)


def message(channel: bytes, payload: bytes, kind: bytes = b"*") -> bytes:
    head = kind + b"3\r\n$7\r\nmessage\r\n$%d\r\n" % len(channel)
    return head + channel + b"\r\n$%d\r\n" % len(payload) + payload + b"\r\n"


payloads = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([message(FACTS, b"inside"), b"*3\r\n$7\r\nmess", b"\r\n*", b"x" * 20_000]),
)
said = st.one_of(
    st.sampled_from(OTHERS),
    st.builds(message, st.sampled_from([FACTS, FIXES]), payloads, st.sampled_from([b"*", b">"])),
)


def fed(filter_: PushFilter, data: bytes, cuts: list[int], share: float, channel: bytes) -> bytes:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return b"".join(filter_.feed(data[a:b], share, channel) for a, b in itertools.pairwise(places))


@given(st.lists(said, max_size=12), st.lists(st.integers(0, 10**6), max_size=20))
def test_all_messages_of_a_channel_go_and_everything_else_passes_unchanged(parts: list[bytes], cuts: list[int]) -> None:
    filter_ = PushFilter(random.Random(1))
    kept = [part for part in parts if FACTS not in part[:40] or b"subscribe" in part[:20]]
    assert fed(filter_, b"".join(parts), cuts, 1.0, FACTS) == b"".join(kept)
    assert filter_.dropped == len(parts) - len(kept) and filter_.rest() == b""


@given(st.lists(said, max_size=12), st.lists(st.integers(0, 10**6), max_size=20), st.integers())
def test_of_a_share_every_message_is_whole_or_gone(parts: list[bytes], cuts: list[int], seed: int) -> None:
    filter_ = PushFilter(random.Random(seed))
    passed = fed(filter_, b"".join(parts), cuts, 0.5, b"")
    for part in parts:  # in order: each is next, or was a message and is gone
        if passed.startswith(part):
            passed = passed.removeprefix(part)
        else:
            assert b"message" in part[:20]
    assert passed == b""


def test_what_is_held_back_passes_when_nothing_is_to_be_dropped_any_more() -> None:
    filter_, whole = PushFilter(random.Random(1)), message(FACTS, b"x" * 100)
    assert filter_.feed(whole[:60], 1.0, FACTS) == b""
    assert filter_.rest() + whole[60:] == whole


def test_a_toxic_that_begins_within_a_message_takes_later_ones_only() -> None:
    filter_, whole = PushFilter(random.Random(1)), message(FACTS, b"x" * 100)
    assert filter_.feed(whole[60:] + whole + b"+PONG\r\n", 1.0, FACTS) == whole[60:] + b"+PONG\r\n"


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_a_share_is_above_nothing_and_at_most_all(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        DropPushes(share)
