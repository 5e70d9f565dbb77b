"""How facts travel between processes: a short head that says which, then the facts. The head alone serves a relay."""

import struct
from collections.abc import Sequence
from itertools import groupby

import msgspec

from dispatch.cases.facts import Envelope, Fact

Range = tuple[str, int, int]
"""stream, first and last offset: all between are inside"""

_SIZE = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder(uuid_format="bytes").encode
_head = msgspec.msgpack.Decoder(list[Range]).decode
_body = msgspec.msgpack.Decoder(Envelope).decode


class EnvelopeError(ValueError):
    """These bytes are not an envelope."""


def pack(origin: str, facts: Sequence[Fact]) -> bytes:
    """The publication of one commit's facts."""
    head = _encode(_ranges(facts))
    return _SIZE.pack(len(head)) + head + _encode(Envelope(origin=origin, facts=tuple(facts)))


def _ranges(facts: Sequence[Fact]) -> list[Range]:
    ordered = sorted({(f.stream, f.offset) for f in facts})
    found: list[Range] = []
    for _, run in groupby(enumerate(ordered), lambda one: (one[1][0], one[1][1] - one[0])):
        places = [place for _, place in run]
        found.append((places[0][0], places[0][1], places[-1][1]))
    return found


def ranges(payload: bytes) -> list[Range]:
    """Which facts a publication carries, without reading them. Raises: EnvelopeError."""
    try:
        (size,) = _SIZE.unpack_from(payload)
        return _head(memoryview(payload)[4 : 4 + size])
    except (struct.error, msgspec.MsgspecError) as error:
        raise EnvelopeError(str(error)) from error


def unpack(payload: bytes) -> Envelope:
    """Raises: EnvelopeError."""
    try:
        (size,) = _SIZE.unpack_from(payload)
        return _body(memoryview(payload)[4 + size :])
    except (struct.error, msgspec.MsgspecError) as error:
        raise EnvelopeError(str(error)) from error
