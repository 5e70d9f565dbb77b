"""An event loop without a clock of its own: time jumps to the next timer, chance comes from one seed.

The same seed and the same program give the same order of callbacks, and so the same trace hash. What is
ready at one moment runs in an order that the seed draws: a program must not rely on the order of
callbacks of different tasks. Real input and output, threads and signals are refused, so that nothing from
outside decides. A program must draw its own chance from `VirtualLoop.dice`, read time from
`VirtualLoop.now` or `time`, and must not iterate over sets of text (PYTHONHASHSEED) where order matters.
"""

import asyncio
import hashlib
import heapq
import json
import random
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NoReturn, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # virtual second 0
STEPS_MAX = 5_000_000  # callbacks of one run; a case takes some hundred, so this is a livelock
LINES_KEPT = 20_000  # of a trace, for people; the hash covers all of it


class DeadlockError(RuntimeError):
    """Nothing is ready, no timer is set, and the program is not done. The message names who waits."""


class LivelockError(RuntimeError):
    """More callbacks than `steps_max`."""


class RealWorldError(RuntimeError):
    """The program asked for sockets, threads, processes or signals."""


class UnhandledError(RuntimeError):
    """A callback or a forgotten task failed, and nobody looked."""


@dataclass(slots=True)
class Trace:
    """What happened, as JSON lines `[virtual seconds, word, ...]` in a running SHA-256."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    _hash: Any = field(default_factory=hashlib.sha256)

    def record(self, at_s: float, *words: str | int | float | bool | None) -> None:
        """Adds one line."""
        line = json.dumps([round(at_s, 9), *words], ensure_ascii=False, separators=(",", ":"))
        self.lines.append(line)
        self.mix(line)

    def mix(self, text: str) -> None:
        """Adds to the hash alone."""
        self._hash.update(text.encode() + b"\n")

    @property
    def sha256(self) -> str:
        """The hash of everything until now, in hexadecimal."""
        return str(self._hash.copy().hexdigest())


class _Numbered:
    """Gives tasks and futures the order of their making as hash: sets of them iterate alike each run."""

    _number: int

    def __hash__(self) -> int:
        return self._number


class _Future(_Numbered, asyncio.Future[Any]):
    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)


class _Task(_Numbered, asyncio.Task[Any]):
    def __init__(self, number: int, coro: Coroutine[Any, Any, Any], **named: Any) -> None:
        self._number = number
        super().__init__(coro, **named)


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop of one run. `dice` is its chance, `trace` its record."""

    _ready: deque[asyncio.Handle]  # of asyncio.BaseEventLoop, like the three below
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self, seed: int, steps_max: int = STEPS_MAX) -> None:
        super().__init__()
        self.seed = seed
        self.dice = random.Random(f"program {seed}")
        self.trace = Trace()
        self.steps = 0
        self.unhandled: list[str] = []
        self._order = random.Random(f"schedule {seed}")
        self._steps_max = steps_max
        self._thread = threading.get_ident()
        self._time_s = 0.0
        self._made = 0
        self.set_task_factory(_make_task)
        self.set_exception_handler(_note_unhandled)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._time_s

    def now(self) -> datetime:
        """Virtual time as aware UTC."""
        return EPOCH + timedelta(seconds=self._time_s)

    def record(self, *words: str | int | float | bool | None) -> None:
        """Adds one line with the present time to the trace."""
        self.trace.record(self._time_s, *words)

    def next_number(self) -> int:
        """1, 2, 3 ... for tasks and futures in the order of their making."""
        self._made += 1
        return self._made

    def create_future(self) -> asyncio.Future[Any]:
        return _Future(self.next_number(), self)

    def call_soon_threadsafe(
        self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.Handle:
        """For asyncio itself, which ends forgotten generators so; from another thread it is refused."""
        if threading.get_ident() != self._thread:
            raise RealWorldError("another thread reaches into the simulation")
        return self.call_soon(callback, *args, context=context)

    def _run_once(self) -> None:
        """One moment: jump to the next timer where nothing is ready, then run all that is ready, shuffled."""
        if not self._ready and not self._stopping:
            self._jump()
        while self._scheduled and self._scheduled[0].when() <= self._time_s:
            self._due(heapq.heappop(self._scheduled))
        batch = [handle for handle in self._ready if not handle.cancelled()]
        self._ready.clear()
        self._order.shuffle(batch)
        self.trace.mix(f"{self._time_s!r} {len(batch)}")
        for handle in batch:
            if not handle.cancelled():  # by one that ran before it in this batch
                self.steps += 1
                handle._run()
        if self.steps > self._steps_max:
            raise LivelockError(f"seed {self.seed}: {self.steps} callbacks by {self._time_s:g} virtual seconds")

    def _jump(self) -> None:
        while self._scheduled and self._scheduled[0].cancelled():
            self._due(heapq.heappop(self._scheduled))
        if not self._scheduled:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise DeadlockError(f"seed {self.seed}, {self._time_s:g} s: nothing can happen; waiting: {waiting}")
        self._time_s = max(self._time_s, self._scheduled[0].when())

    def _due(self, timer: asyncio.TimerHandle) -> None:
        timer._scheduled = False  # type: ignore[attr-defined]  # as BaseEventLoop does it
        if timer.cancelled():
            self._timer_cancelled_count -= 1
        else:
            self._ready.append(timer)

    def _process_events(self, event_list: object) -> None:
        raise AssertionError("there are no events from outside")

    def _write_to_self(self) -> None:
        """Nothing to wake: no thread waits."""


def _make_task(
    loop: asyncio.AbstractEventLoop, coro: Any, context: Context | None = None, **named: Any
) -> asyncio.Task[Any]:
    assert isinstance(loop, VirtualLoop)
    number = loop.next_number()
    named.setdefault("name", None)
    if named["name"] is None:
        named["name"] = f"task {number}"
    return _Task(number, coro, loop=loop, context=context, **named)


def _note_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    assert isinstance(loop, VirtualLoop)
    loop.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")


def _refuse(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise RealWorldError(f"{name} reaches out of the simulation")

    return refuse


for _name in (
    *("add_reader", "remove_reader", "add_writer", "remove_writer", "add_signal_handler"),
    *("run_in_executor", "getaddrinfo", "getnameinfo"),
    *("create_connection", "create_server", "create_datagram_endpoint", "connect_accepted_socket"),
    *("create_unix_connection", "create_unix_server", "start_tls", "sendfile"),
    *("connect_read_pipe", "connect_write_pipe", "subprocess_exec", "subprocess_shell"),
    *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendto"),
    *("sock_connect", "sock_accept", "sock_sendfile"),
):
    setattr(VirtualLoop, _name, _refuse(_name))


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a run gave: its result, the hash of its trace, virtual seconds and callbacks it took."""

    result: T
    sha256: str
    virtual_s: float
    steps: int
    lines: tuple[str, ...]


def current() -> VirtualLoop:
    """The loop that runs now; for programs that record or draw."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop), "only inside of a simulation"
    return loop


def simulate(program: Coroutine[Any, Any, T], seed: int, steps_max: int = STEPS_MAX) -> Outcome[T]:
    """Runs a program to its end; other tasks that are left are cancelled then.

    Raises: what the program raises; DeadlockError, LivelockError; UnhandledError where a task failed unseen.
    """
    loop = VirtualLoop(seed, steps_max)
    try:
        result = loop.run_until_complete(program)
        outcome = Outcome(result, loop.trace.sha256, loop.time(), loop.steps, tuple(loop.trace.lines))
    finally:
        _clear(loop)
    if loop.unhandled:
        raise UnhandledError(f"seed {seed}: {loop.unhandled}")
    return outcome


def run(program: Coroutine[Any, Any, T], seed: int) -> T:
    """`simulate` for those who want the result alone."""
    return simulate(program, seed).result


def _clear(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop._steps_max = loop.steps + STEPS_MAX
    try:
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
    except (DeadlockError, LivelockError) as stuck:
        loop.unhandled.append(f"does not end when cancelled: {stuck}")
    finally:
        for task in left:
            if task.done() and not task.cancelled() and task.exception() is not None:
                loop.unhandled.append(f"{task.get_name()}: {task.exception()!r}")
        loop.close()
