"""One stream as a process holds it: in order, without holes, the latest part kept for those who come back.

Pure: time is an argument in monotonic seconds. Facts come at least once and in any order; they leave once, in order.
"""

from collections import deque
from enum import StrEnum

from dispatch.cases.facts import Fact
from dispatch.limits import REORDER_S_MAX, STREAM_MEMORY_FACTS_MAX, STREAM_MEMORY_S


class Lost(StrEnum):
    """Why continuity cannot be proved from an offset."""

    TRIMMED = "trimmed"
    FUTURE = "future"


class StreamMemory:
    """Knows everything of its stream after `start` up to `head`, and what came early beyond it."""

    def __init__(self, stream: str, head: int) -> None:
        self.stream, self.start, self.head = stream, head, head
        self._kept: deque[tuple[float, Fact]] = deque()
        self._early: dict[int, Fact] = {}
        self._waiting_since: float | None = None
        self._known_head = head

    def accept(self, fact: Fact, now: float) -> bool:
        """Takes a fact. True when it is the next one, or one that waited may now follow: call `ready`."""
        assert fact.stream == self.stream
        self._known_head = max(self._known_head, fact.offset)
        if fact.offset <= self.head or fact.offset in self._early:
            return False
        self._early[fact.offset] = fact
        if fact.offset != self.head + 1 and self._waiting_since is None:
            self._waiting_since = now
        return fact.offset == self.head + 1

    def pop(self) -> Fact | None:
        """The next fact in order, or None. The caller enriches it and hands it to `keep`."""
        fact = self._early.pop(self.head + 1, None)
        if fact is not None:
            self.head += 1
        if not self._early:
            self._waiting_since = None
        return fact

    def keep(self, fact: Fact, now: float) -> None:
        """Remembers a fact that was popped, for resumes; forgets the oldest beyond bounds of count and age."""
        self._kept.append((now, fact))
        while len(self._kept) > STREAM_MEMORY_FACTS_MAX or now - self._kept[0][0] > STREAM_MEMORY_S:
            _, gone = self._kept.popleft()
            self.start = gone.offset

    def heard_head(self, offset: int, now: float) -> None:
        """The database says that the stream reaches `offset`."""
        if offset > self._known_head:
            self._known_head = offset
        if offset > self.head and self._waiting_since is None:
            self._waiting_since = now

    def hole(self, now: float) -> bool:
        """Is something missing for longer than reordering explains? Then read on from `head`."""
        return (
            self._waiting_since is not None
            and now - self._waiting_since >= REORDER_S_MAX
            and self.head < self._known_head
        )

    def provable(self, offset: int) -> Lost | None:
        """None when everything after `offset` is held here; else why that cannot be said."""
        if offset > self.head:
            return Lost.FUTURE
        return Lost.TRIMMED if offset < self.start else None

    def after(self, offset: int) -> list[Fact] | Lost:
        """All facts after `offset`, exactly; or why that cannot be said."""
        return self.provable(offset) or [self.at(one) for one in range(offset + 1, self.head + 1)]

    def at(self, offset: int) -> Fact:
        """A fact that is held: start < offset <= head. Quick near the head."""
        return self._kept[offset - self.head - 1][1]
