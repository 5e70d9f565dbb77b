"""A network for simulated nodes: drops, doubles, reorders and parts them, drawn from the loop's seed."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.simulation.virtual_time import VirtualLoop, current

M = TypeVar("M")

INBOX_MAX = 1_000
CLOGGED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class BusFaults:
    """How bad the network is: probabilities from 0 to 1; delays in seconds, drawn evenly for each message.

    Different delays are what puts messages into another order.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    delay_s_min: float = 0.001
    delay_s_max: float = 0.001

    def __post_init__(self) -> None:
        if not (0 <= self.drop <= 1 and 0 <= self.duplicate <= 1 and 0 <= self.delay_s_min <= self.delay_s_max):
            raise ValueError("probabilities are from 0 to 1, delays not negative and in order")


CALM = BusFaults()
ROUGH = BusFaults(drop=0.05, duplicate=0.05, delay_s_min=0.001, delay_s_max=0.8)


@dataclass(slots=True)
class BusCounts:
    """What became of the messages. A double counts in `duplicated` and again where it ends."""

    sent: int = 0
    dropped: int = 0
    parted: int = 0
    duplicated: int = 0
    delivered: int = 0
    overflowed: int = 0


class Bus(Generic[M]):
    """Carries messages between named nodes, each with an inbox of `inbox_max`; a full inbox loses, counted.

    `describe` turns a message into its word for the trace; it must not contain addresses of memory.
    """

    def __init__(
        self, faults: BusFaults = CALM, describe: Callable[[M], str] = repr, inbox_max: int = INBOX_MAX
    ) -> None:
        self.faults = faults
        self.counts = BusCounts()
        self._loop: VirtualLoop = current()
        self._describe = describe
        self._inbox_max = inbox_max
        self._inboxes: dict[str, asyncio.Queue[M]] = {}
        self._cut: set[tuple[str, str]] = set()
        self._clogged: dict[str, list[M]] = {}

    def join(self, node: str) -> asyncio.Queue[M]:
        """The inbox of a node, a new and empty one each time: a node that comes back has lost the old one."""
        self._inboxes[node] = asyncio.Queue(self._inbox_max)
        return self._inboxes[node]

    def leave(self, node: str) -> None:
        """The node is gone; what is on its way to it is lost."""
        self._inboxes.pop(node, None)

    def send(self, source: str, target: str, message: M) -> None:
        """Sends and forgets; whether it arrives, how often and when, the seed decides."""
        self.counts.sent += 1
        dice = self._loop.dice
        copies = 1
        if dice.random() < self.faults.drop:
            self.counts.dropped += 1
            copies = 0
        elif dice.random() < self.faults.duplicate:
            self.counts.duplicated += 1
            copies = 2
        self._loop.record("send", source, target, self._describe(message), copies)
        for _ in range(copies):
            delay_s = dice.uniform(self.faults.delay_s_min, self.faults.delay_s_max)
            self._loop.call_later(delay_s, self._arrive, source, target, message)

    def publish(self, source: str, message: M) -> None:
        """Sends to every other node, each with its own luck."""
        for target in sorted(self._inboxes):
            if target != source:
                self.send(source, target, message)

    def cut(self, source: str, target: str) -> None:
        """Nothing arrives on this way any more, what is under way neither; the way back stays."""
        self._cut.add((source, target))

    def partition(self, *sides: Collection[str]) -> None:
        """Cuts every way between nodes of different sides."""
        self._loop.record("partition", *("+".join(sorted(side)) for side in sides))
        for side in sides:
            for other in sides:
                if side is not other:
                    self._cut.update((source, target) for source in side for target in other)

    def clog(self, node: str) -> None:
        """Messages to this node wait."""
        self._clogged.setdefault(node, [])
        self._loop.record("clog", node)

    def unclog(self, node: str) -> None:
        """What waited arrives now, in a drawn order."""
        waited = self._clogged.pop(node, [])
        self._loop.record("unclog", node, len(waited))
        self._loop.dice.shuffle(waited)
        for message in waited:
            self._put(node, message)

    def heal(self) -> None:
        """All ways are open, no clog is left, new messages meet no faults; those under way keep their delay."""
        self._loop.record("heal")
        self._cut.clear()
        self.faults = CALM
        for node in sorted(self._clogged):
            self.unclog(node)

    def _arrive(self, source: str, target: str, message: M) -> None:
        if (source, target) in self._cut:
            self.counts.parted += 1
            self._loop.record("parted", source, target, self._describe(message))
        elif target not in self._clogged:
            self._put(target, message)
        elif len(self._clogged[target]) < CLOGGED_MAX:
            self._clogged[target].append(message)
        else:
            self._lose(target, message)

    def _put(self, target: str, message: M) -> None:
        inbox = self._inboxes.get(target)
        if inbox is None or inbox.full():
            self._lose(target, message)
            return
        self.counts.delivered += 1
        self._loop.record("deliver", target, self._describe(message))
        inbox.put_nowait(message)

    def _lose(self, target: str, message: M) -> None:
        self.counts.overflowed += 1
        self._loop.record("lose", target, self._describe(message))


async def swizzle(bus: Bus[M], nodes: Sequence[str], pause_s_max: float) -> None:
    """Clogs a drawn subset of nodes one after the other, then unclogs them in another order (FoundationDB).

    Pauses are drawn between 0 and `pause_s_max` virtual seconds.
    """
    dice = current().dice
    chosen = [node for node in nodes if dice.random() < 0.5]
    for act in (bus.clog, bus.unclog):
        dice.shuffle(chosen)
        for node in chosen:
            await asyncio.sleep(dice.uniform(0, pause_s_max))
            act(node)
