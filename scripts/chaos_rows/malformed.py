"""Client frames made by hand, and what a server must answer to the broken ones (RFC 6455, 5.2 to 5.5, 7.4, 8.1)."""

from typing import Final

MASK: Final = b"\x37\xfa\x21\x3d"


def frame(first: int, payload: bytes = b"", *, size: bytes | None = None, masked: bool = True) -> bytes:
    """One frame with `first` as its first byte; `size` replaces the length bytes (its own mask bit included)."""
    if size is None:
        n = len(payload)
        bit = 0x80 if masked else 0
        size = (
            bytes((bit | n,))
            if n < 126
            else bytes((bit | 126,)) + n.to_bytes(2, "big")
            if n < 65_536
            else bytes((bit | 127,)) + n.to_bytes(8, "big")
        )
    body = bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload)) if masked else payload
    return bytes((first,)) + size + (MASK if masked else b"") + body


def text(payload: bytes) -> bytes:
    return frame(0x81, payload)


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(0x88, code.to_bytes(2, "big") + reason)


MALFORMED: Final[dict[str, tuple[bytes, int]]] = {
    "text unmasked": (frame(0x81, b"hi", masked=False), 1002),
    "ping unmasked": (frame(0x89, b"", masked=False), 1002),
    "close unmasked": (frame(0x88, b"\x03\xe8", masked=False), 1002),
    "RSV1, as of a compressed message": (frame(0xC1, b"hi"), 1002),
    "RSV2": (frame(0xA1, b"hi"), 1002),
    "RSV3": (frame(0x91, b"hi"), 1002),
    "RSV1 on a ping": (frame(0xC9), 1002),
    "RSV1 on a later fragment": (frame(0x01, b"a") + frame(0xC0, b"b"), 1002),
    **{f"reserved opcode {op}": (frame(0x80 | op, b"hi"), 1002) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping of 126 bytes": (frame(0x89, b"x" * 126), 1002),
    "pong of 126 bytes": (frame(0x8A, b"x" * 126), 1002),
    "close of 126 bytes": (frame(0x88, b"\x03\xe8" + b"x" * 124), 1002),
    "ping that announces 2 GiB": (frame(0x89, size=b"\xff" + (2**31).to_bytes(8, "big")), 1002),
    "ping in fragments": (frame(0x09, b"x"), 1002),
    "close in fragments": (frame(0x08, b"\x03\xe8"), 1002),
    "continuation of nothing": (frame(0x80, b"x"), 1002),
    "first fragment that continues nothing": (frame(0x00, b"x"), 1002),
    "continuation after the last": (frame(0x01, b"a") + frame(0x80, b"b") + frame(0x80, b"c"), 1002),
    "text inside a text": (frame(0x01, b"a") + text(b"b"), 1002),
    "binary inside a text": (frame(0x01, b"a") + frame(0x82, b"b"), 1002),
    "7 bytes announced in 16 bits": (frame(0x81, b"x" * 7, size=b"\xfe\x00\x07"), 1002),
    "200 bytes announced in 64 bits": (frame(0x81, b"x" * 200, size=b"\xff" + (200).to_bytes(8, "big")), 1002),
    "length with its top bit set": (frame(0x81, size=b"\xff" + (2**63 + 5).to_bytes(8, "big")), 1002),
    "close with half a code": (frame(0x88, b"\x03"), 1002),
    **{f"close {code}": (close(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)},
    "close with a reason not in UTF-8": (close(1000, b"\xff"), 1007),
    "binary": (frame(0x82, b"hi"), 1003),
    "binary in fragments": (frame(0x02, b"hi"), 1003),
    "binary of 1 GB, announced": (frame(0x82, size=b"\xff" + (10**9).to_bytes(8, "big")), 1003),
    "lone continuation byte": (text(b"a\x80"), 1007),
    "overlong slash": (text(b"\xc0\xaf"), 1007),
    "surrogate": (text(b"\xed\xa0\x80"), 1007),
    "over U+10FFFF": (text(b"\xf4\x90\x80\x80"), 1007),
    "character cut off": (text(b"\xe6\xa1"), 1007),
    "long text with a character cut off": (text(b"x" * 200 + b"\xe6\xa1"), 1007),
    "character cut off over fragments": (frame(0x01, b"\xe6") + frame(0x80, b"\xa1"), 1007),
    "text of 8,193 bytes": (text(b"x" * 8_193), 1009),
    "text of 64 KiB and 1": (text(b"x" * 65_537), 1009),
    "text of 1 GB, announced": (frame(0x81, size=b"\xff" + (10**9).to_bytes(8, "big")), 1009),
    "fragments of 8,193 bytes": (frame(0x01, b"x" * 8_000) + frame(0x80, b"x" * 193), 1009),
    "fragments without end": (frame(0x01) + frame(0x00) * 5_000, 1009),
}
