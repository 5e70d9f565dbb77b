"""What can be done to a connection, in toxiproxy's words. A toxic works from when it is added until removed.

UPSTREAM is what the client sends to the server, DOWNSTREAM what the server sends to the client.
"""

from dataclasses import dataclass
from enum import StrEnum

# ReadyForQuery, idle: it follows the commit of an autocommit call. Answers to Parse and Describe, which come
# before the commit, end without it, and CommandComplete is missing where a client asks for one row only.
POSTGRES_COMMITTED = b"Z\0\0\0\5I"


class Direction(StrEnum):
    """Which bytes a toxic works on."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Latency:
    """Delays every chunk by `ms` plus or minus up to `jitter_ms`; the order of bytes stays."""

    ms: float
    jitter_ms: float = 0

    def __post_init__(self) -> None:
        if self.ms < 0 or not 0 <= self.jitter_ms <= self.ms:
            raise ValueError("latency needs 0 <= jitter_ms <= ms")


@dataclass(frozen=True, slots=True)
class Down:
    """New connections are refused, present ones are reset. Works on both directions."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Bytes are accepted and vanish, no FIN and no RST passes (toxiproxy: timeout).

    After `close_after_ms` (None: never) of that, and in any case when the toxic is removed, a connection
    that lost bytes is reset: a stream with a hole must not go on.
    """

    close_after_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    """Bytes wait, and go on when the toxic is removed: a partition that heals before TCP gives up."""


@dataclass(frozen=True, slots=True)
class ResetPeer:
    """Resets both sides when the next bytes come, which are lost."""


@dataclass(frozen=True, slots=True)
class Slicer:
    """Cuts chunks into pieces of about `size_bytes` (half to one and a half), `delay_us` apart."""

    size_bytes: int
    delay_us: float = 0

    def __post_init__(self) -> None:
        if self.size_bytes < 1 or self.delay_us < 0:
            raise ValueError("slices have at least one byte and no negative delay")


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """At most `kb_s` thousand bytes a second on each connection."""

    kb_s: float

    def __post_init__(self) -> None:
        if self.kb_s <= 0:
            raise ValueError("bandwidth is above 0 kB/s; use Stall for none")


@dataclass(frozen=True, slots=True)
class LimitBytes:
    """Lets `count` bytes of a connection through, counted from when it was added, then closes both sides."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a limit of bytes is not negative")


@dataclass(frozen=True, slots=True)
class CutAfterCommit:
    """Lets a request through and resets the connection before the reply gets back. Only DOWNSTREAM.

    A reply counts on connections that sent a request after this was added. `reply_holds`: bytes that must
    stand in the reply, POSTGRES_COMMITTED for PostgreSQL. It removes itself after `times` cuts (None: never).
    """

    reply_holds: bytes = b""
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError("cut at least once")


@dataclass(frozen=True, slots=True)
class DropPushes:
    """Takes single messages of a Redis subscription out of the stream, `share` of those of `channel` (empty: of all).

    The connection stays whole: its subscriber has no sign that anything is missing. Only DOWNSTREAM.
    """

    share: float
    channel: bytes = b""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError("a share is above 0 and at most 1")


Toxic = Latency | Down | BlackHole | Stall | ResetPeer | Slicer | Bandwidth | LimitBytes | CutAfterCommit | DropPushes
