"""Frames from a client, parsed strictly (RFC 6455, 5 and 7.4), and the control frames that answer them.

Pure: bytes in, whole messages and control frames out. What cannot become a legal message is refused from its header,
before a byte of its payload is kept, so one socket never holds more than one message and one header.
"""

from collections.abc import Iterator
from typing import Final

from dispatch import limits
from gateway.sockets.link import Close

try:
    from websockets.speedups import apply_mask  # in C: 0.1 µs
except ImportError:
    from websockets.utils import apply_mask

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FRAGMENTS_MAX: Final = 1_024  # of one message; browsers never fragment, and empty fragments must not go on for ever
CONTROL_BYTES_MAX: Final = 125  # RFC 6455, 5.5
NO_STATUS: Final = 1005  # the peer closed without a code (RFC 6455, 7.1.5); never sent
ABNORMAL: Final = 1006  # the connection ended without a close frame; never sent

PING_FRAME: Final = b"\x89\x00"


class Violation(Exception):
    """The peer broke the protocol: `code` closes the socket, the text says why in a few words."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    """An unmasked close, ping or pong. `payload`: at most CONTROL_BYTES_MAX bytes."""
    assert len(payload) <= CONTROL_BYTES_MAX
    return bytes((0x80 | opcode, len(payload))) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; a reason that is too long is cut at a character's border."""
    words = reason.encode()[: CONTROL_BYTES_MAX - 2].decode(errors="ignore").encode()
    return control_frame(CLOSE, code.to_bytes(2, "big") + words)


def close_code(payload: bytes) -> int:
    """The code of a received close frame, NO_STATUS when it is empty.

    Raises:
        Violation: half a code, a code that nobody may send (RFC 6455, 7.4; IANA's list for 1012 to 1014), or a reason
            that is not UTF-8.
    """
    if not payload:
        return NO_STATUS
    if not is_utf8(payload[2:]):
        raise Violation(Close.INVALID_TEXT, "close reason is not UTF-8")
    code = int.from_bytes(payload[:2], "big")
    sendable = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) == 1 or not sendable:
        raise Violation(Close.PROTOCOL_ERROR, "close code that may not be sent")
    return code


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are valid UTF-8, whole: no surrogates, no overlong forms, nothing cut off."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def whole_text(data: bytes) -> bytes | None:
    """The text, if `data` is exactly one unfragmented legal text frame of under 64 KiB; else None: ask `Frames`.

    Nearly every read of a socket is that, and `Frames` costs two microseconds more. Only between messages.
    """
    size = len(data)
    if size < 6 or data[0] != 0x81:
        return None
    if data[1] == size + 122 < 254:
        text = apply_mask(data[6:], data[2:6])
    elif data[1] == 0xFE and 134 <= size <= limits.MESSAGE_BYTES_MAX + 8 and (data[2] << 8) + data[3] == size - 8:
        text = apply_mask(data[8:], data[4:8])
    else:
        return None
    return text if is_utf8(text) else None


class Frames:
    """Takes a client's bytes as they come, gives whole texts and control frames in order.

    `pending` is False while nothing is half received: then a caller may take a whole frame apart by itself.
    """

    __slots__ = ("_fragments", "_message", "_rest", "pending")

    def __init__(self) -> None:
        self.pending = False
        self._rest = b""  # less than one frame
        self._message: bytearray | None = None  # a fragmented text so far
        self._fragments = 0

    def take(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """(TEXT, whole message) or (CLOSE | PING | PONG, payload), each when the caller is ready for it.

        Text is valid UTF-8 of at most MESSAGE_BYTES_MAX bytes; payloads are unmasked.

        Raises:
            Violation: 1002, 1003, 1007 or 1009; what came before it in `data` has been given. Take no more then.
        """
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 2:
            opcode = self._opcode(data[at], data[at + 1])
            size, start = _extent(data, at)
            if opcode < CLOSE:
                self._check_room(size)
            if end < start + size:
                break
            payload = apply_mask(data[start : start + size], data[start - 4 : start])
            final = data[at] >= 0x80
            at = start + size
            if opcode >= CLOSE:
                yield opcode, payload
            elif final and self._message is None:
                yield TEXT, _text(payload)
            else:
                whole = self._join(payload, final)
                if whole is not None:
                    yield TEXT, whole
        self._rest = data[at:]
        self.pending = end > at or self._message is not None

    def _opcode(self, first: int, second: int) -> int:
        """What the first two bytes announce, if it may come now."""
        opcode = first & 0x0F
        if first & 0x70:
            raise Violation(Close.PROTOCOL_ERROR, "reserved bit set")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Violation(Close.PROTOCOL_ERROR, "reserved opcode")
        if second < 0x80:
            raise Violation(Close.PROTOCOL_ERROR, "frame is not masked")
        if opcode >= CLOSE:
            if first < 0x80:
                raise Violation(Close.PROTOCOL_ERROR, "control frame in fragments")
            if second & 0x7F > CONTROL_BYTES_MAX:
                raise Violation(Close.PROTOCOL_ERROR, "control frame too long")
        elif (opcode == CONTINUATION) != (self._message is not None):
            raise Violation(Close.PROTOCOL_ERROR, "fragments out of order")
        elif opcode == BINARY:
            raise Violation(Close.UNSUPPORTED, "binary is not spoken here")
        return opcode

    def _check_room(self, size: int) -> None:
        held = len(self._message) if self._message is not None else 0
        if held + size > limits.MESSAGE_BYTES_MAX:
            raise Violation(Close.TOO_BIG, f"over {limits.MESSAGE_BYTES_MAX} bytes")

    def _join(self, payload: bytes, final: bool) -> bytes | None:
        """Keeps a fragment; the whole text with the last one."""
        if self._message is None:
            self._message, self._fragments = bytearray(), 0
        self._message += payload
        self._fragments += 1
        if self._fragments > FRAGMENTS_MAX:
            raise Violation(Close.TOO_BIG, f"over {FRAGMENTS_MAX} fragments")
        if not final:
            return None
        whole, self._message = bytes(self._message), None
        return _text(whole)


def _extent(data: bytes, at: int) -> tuple[int, int]:
    """(payload's size, payload's start) of the frame at `at`; a start past the data when its header is cut off."""
    size = data[at + 1] & 0x7F
    if size < 126:
        return size, at + 6
    wide = 2 if size == 126 else 8
    if len(data) < at + 2 + wide:
        return 0, len(data) + 1
    size = int.from_bytes(data[at + 2 : at + 2 + wide], "big")
    if size >> 63 or size < (126 if wide == 2 else 65_536):
        raise Violation(Close.PROTOCOL_ERROR, "length not in its shortest form")
    return size, at + 6 + wide


def _text(payload: bytes) -> bytes:
    if not is_utf8(payload):
        raise Violation(Close.INVALID_TEXT, "text is not UTF-8")
    return payload
