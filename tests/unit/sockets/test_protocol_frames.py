"""The parser alone: the fixed table, every way to cut a stream, and websockets' own parser as the second opinion."""

import itertools
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from dispatch.limits import MESSAGE_BYTES_MAX
from gateway.sockets import frames
from gateway.sockets.frames import FRAGMENTS_MAX, Frames, Violation, close_code, close_frame, whole_text
from gateway.sockets.link import Close
from scripts.chaos_rows.malformed import MALFORMED, close, frame, text

Read = tuple[list[tuple[int, bytes]], int | None]


def read(*chunks: bytes) -> Read:
    """What was understood until the first violation or close, and that one's code."""
    parser = Frames()
    understood: list[tuple[int, bytes]] = []
    for chunk in chunks:
        try:
            for opcode, payload in parser.take(chunk):
                if opcode == frames.CLOSE:
                    return understood, close_code(payload)
                understood.append((opcode, payload))
        except Violation as broken:
            return understood, broken.code
    return understood, None


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_frame_has_its_close_code_in_one_piece_and_byte_by_byte(name: str) -> None:
    broken, code = MALFORMED[name]
    understood, answer = read(text(b"before") + broken)
    assert (understood[0], answer) == ((frames.TEXT, b"before"), code)
    assert read(*(broken[i : i + 1] for i in range(len(broken))))[1] == code
    assert whole_text(broken) is None


def test_an_oversized_message_is_refused_from_its_header_alone() -> None:
    assert read(text(b"x" * (MESSAGE_BYTES_MAX + 1))[:4]) == ([], Close.TOO_BIG)
    assert read(frame(0x82, b"hi")[:2]) == ([], Close.UNSUPPORTED)
    assert read(frame(0x09, b"hi")[:2]) == ([], Close.PROTOCOL_ERROR)


def test_the_largest_legal_message_passes_and_so_does_the_most_fragmented() -> None:
    largest = b"x" * MESSAGE_BYTES_MAX
    assert read(text(largest)) == ([(frames.TEXT, largest)], None)
    assert whole_text(text(largest)) == largest
    pieces = frame(0x01, b"a") + frame(0x00, b"b") * (FRAGMENTS_MAX - 2) + frame(0x80, b"c")
    assert read(pieces) == ([(frames.TEXT, b"a" + b"b" * (FRAGMENTS_MAX - 2) + b"c")], None)


def test_control_frames_may_stand_between_fragments_and_close_may_too() -> None:
    stream = frame(0x01, b"a") + frame(0x89, b"now") + frame(0x80, b"b") + frame(0x01, b"c") + close(1001)
    assert read(stream) == ([(frames.PING, b"now"), (frames.TEXT, b"ab")], 1001)


def test_a_character_may_be_cut_by_fragments() -> None:
    whole = "案".encode()
    assert read(frame(0x01, whole[:1]) + frame(0x80, whole[1:])) == ([(frames.TEXT, whole)], None)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4000, 4999])
def test_a_sendable_close_code_is_heard(code: int) -> None:
    assert read(close(code, "再见".encode())) == ([], code)


def test_a_close_frame_of_ours_keeps_its_reason_within_a_control_frame() -> None:
    cut = close_frame(Close.SLOW, "案" * 60)
    assert cut[0] == 0x88
    assert cut[1] == len(cut) - 2 <= 125
    assert cut[4:].decode() == "案" * 41


PAYLOADS: Final = st.one_of(st.binary(max_size=140), st.text(max_size=60).map(str.encode))
FIRST: Final = st.one_of(st.sampled_from([0x81, 0x81, 0x01, 0x00, 0x80, 0x89, 0x8A, 0x88, 0x82]), st.integers(0, 255))
STREAMS: Final = st.lists(
    st.builds(frame, FIRST, PAYLOADS, masked=st.integers(0, 9).map(bool)) | st.builds(text, PAYLOADS), max_size=8
)


@given(stream=STREAMS, cuts=st.lists(st.integers(0, 1_200), max_size=6))
def test_where_a_stream_is_cut_changes_nothing(stream: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(stream)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[a:b] for a, b in itertools.pairwise(edges)]
    assert read(*chunks) == read(whole)


@given(stream=STREAMS)
def test_websockets_own_parser_understands_the_same(stream: list[bytes]) -> None:
    assert read(*stream) == second_opinion(stream)


@given(one=st.builds(frame, FIRST, PAYLOADS, masked=st.booleans()) | st.binary(max_size=200))
def test_the_short_way_agrees_with_the_parser(one: bytes) -> None:
    taken = whole_text(one)
    understood, code = read(one)
    if taken is not None:
        assert (understood, code) == ([(frames.TEXT, taken)], None)
    elif len(understood) == 1 and code is None and understood[0][0] == frames.TEXT:
        assert len(one) != len(text(understood[0][1]))  # then more followed than one whole frame


def second_opinion(stream: list[bytes]) -> Read:
    """What websockets' sans-I/O parser makes of whole frames, with text joined and judged here.

    It holds a close between fragments for an error; the RFC allows it (5.4), so such streams are left out.
    """
    judge = ServerProtocol(state=State.OPEN, max_size=MESSAGE_BYTES_MAX)
    understood: list[tuple[int, bytes]] = []
    message: bytes | None = None
    for chunk in stream:
        judge.receive_data(chunk)
        for event in judge.events_received():
            assert isinstance(event, Frame)
            data = bytes(event.data)
            if event.opcode is Opcode.BINARY:
                return understood, Close.UNSUPPORTED
            if event.opcode is Opcode.CLOSE:
                assert judge.close_rcvd is not None
                return understood, judge.close_rcvd.code
            if event.opcode in (Opcode.TEXT, Opcode.CONT):
                message = (message or b"") + data
                if event.fin:
                    if not frames.is_utf8(message):
                        return understood, Close.INVALID_TEXT
                    understood.append((frames.TEXT, message))
                    message = None
            else:
                understood.append((event.opcode, data))
        if judge.parser_exc is not None:
            assume("incomplete fragmented" not in str(judge.parser_exc))
            assert judge.close_sent is not None
            return understood, judge.close_sent.code
    return understood, None
