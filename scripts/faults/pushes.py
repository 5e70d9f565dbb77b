"""Single messages of a Redis subscription, taken out of the bytes between server and subscriber (RESP 2 and 3).

A stream of bytes with a hole in it breaks its connection, and a broken connection is noticed. What nobody notices is a
publication that is missing as a whole: that is what is made here.
"""

import random
import re
from typing import Final

HEAD: Final = re.compile(rb"[*>]3\r\n\$7\r\nmessage\r\n\$(\d{1,3})\r\n")
HEAD_BYTES_MAX: Final = 32
_BEGINS: Final = (b"*3\r\n$7\r\nmessage\r\n$", b">3\r\n$7\r\nmessage\r\n$")


class PushFilter:
    """Takes a share of the messages of one channel out of one connection's stream; everything else passes at once.

    What is held back is the beginning of a message that is not whole yet.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._held = b""
        self.dropped = 0

    def feed(self, data: bytes, share: float, channel: bytes) -> bytes:
        """What may pass now. `share` of the messages of `channel` (empty: of any) is dropped."""
        data, self._held = self._held + data, b""
        passed, at = list[bytes](), 0
        while (head := HEAD.search(data, at)) is not None:
            end, named = _message(data, head)
            passed.append(data[at : head.start()])
            if end is None:
                self._held = data[head.start() :]
                return b"".join(passed)
            if (not channel or named == channel) and self._dice.random() < share:
                self.dropped += 1
            else:
                passed.append(data[head.start() : end])
            at = end
        keep = _begun(data, at)
        self._held = data[keep:]
        return b"".join([*passed, data[at:keep]])

    def rest(self) -> bytes:
        """What was held back, when nothing is to be dropped any more."""
        held, self._held = self._held, b""
        return held


def _message(data: bytes, head: "re.Match[bytes]") -> tuple[int | None, bytes]:
    """Where the message ends (None: not yet there) and its channel."""
    after = head.end() + int(head[1])
    channel = data[head.end() : after]
    if data[after : after + 3] != b"\r\n$":
        return None, channel
    line = data.find(b"\r\n", after + 3)
    if line < 0:
        return None, channel
    end = line + 2 + int(data[after + 3 : line]) + 2
    return (end if end <= len(data) else None), channel


def _begun(data: bytes, at: int) -> int:
    """Where the beginning of a head stands at the end of `data`; its length where there is none."""
    for start in range(max(at, len(data) - HEAD_BYTES_MAX), len(data)):
        tail = data[start:]
        if any(begin.startswith(tail) or re.fullmatch(re.escape(begin) + rb"\d{1,3}\r?", tail) for begin in _BEGINS):
            return start
    return len(data)
