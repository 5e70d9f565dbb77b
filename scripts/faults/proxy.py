"""A TCP proxy that stands between two parts; toxics come and go while it runs. Loopback by default."""

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

from scripts.faults.pipe import Cut, Pipe, T, swallow
from scripts.faults.toxics import BlackHole, CutAfterCommit, Direction, Down, DropPushes, Toxic

CONNECTIONS_MAX = 1024
CONNECT_TIMEOUT_S = 5.0
BACKLOG = 256

_BOTH = frozenset(Direction)


class FaultProxy:
    """Passes bytes between those who connect to `address` and `upstream`, through the toxics of the moment.

    `async with` starts and stops it; at the end every connection is reset and no task is left. Equal seeds
    draw equal jitter and slices for the n-th connection. Connections beyond `connections_max` are reset.

    Raises: OSError on entry where the port is taken.
    """

    def __init__(
        self,
        upstream: tuple[str, int],
        listen_port: int = 0,
        *,
        listen_host: str = "127.0.0.1",
        seed: int = 0,
        connections_max: int = CONNECTIONS_MAX,
    ) -> None:
        self._upstream = upstream
        self._host = listen_host
        self._port = listen_port
        self._seed = seed
        self._connections_max = connections_max
        self._toxics: dict[int, tuple[Toxic, frozenset[Direction]]] = {}
        self._added = 0
        self._spent: dict[int, int] = {}
        self._change = asyncio.Event()
        self._listener: socket.socket | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._unserved: dict[asyncio.Task[None], socket.socket] = {}  # accepted, their task has not begun
        self._group: asyncio.TaskGroup | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self.accepted = 0
        self.cuts = 0  # connections that a toxic ended
        self.drops = 0  # messages that a DropPushes took out

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect; the port is known once the proxy was entered."""
        return self._host, self._port

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._serving)

    async def __aenter__(self) -> Self:
        self._bind()
        ready = asyncio.Event()
        self._supervisor = asyncio.get_running_loop().create_task(self._supervise(ready))
        await ready.wait()
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        assert self._supervisor is not None
        self._supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._supervisor
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn of the loop

    def add(self, toxic: Toxic, direction: Direction | None = None) -> int:
        """Starts a toxic on one direction (None: on both) and returns its number, for `remove`.

        Of several of one kind on one direction the last added works.
        Raises: ValueError for a CutAfterCommit or DropPushes on the way upstream.
        """
        if isinstance(toxic, CutAfterCommit | DropPushes):
            if direction is Direction.UPSTREAM:
                raise ValueError(f"what the server says is what {type(toxic).__name__} hurts: it works downstream")
            direction = Direction.DOWNSTREAM
        both = direction is None or isinstance(toxic, Down)
        was_down = self._down
        self._added += 1
        self._toxics[self._added] = (toxic, _BOTH if both or direction is None else frozenset({direction}))
        if self._down and not was_down:
            self._close()
            self._bind()  # bound but not listening: refused, and the port stays ours
            self.cut()
        self._tell()
        return self._added

    def remove(self, number: int) -> None:
        """Ends a toxic; an unknown or ended one is passed over."""
        was_down = self._down
        self._toxics.pop(number, None)
        self._spent.pop(number, None)
        if was_down and not self._down:
            self._open()
        self._tell()

    def heal(self) -> None:
        """Ends all toxics."""
        for number in list(self._toxics):
            self.remove(number)

    def cut(self) -> None:
        """Resets every open connection, now and once."""
        for task in self._serving:
            task.cancel()
        self.cuts += len(self._serving)
        self._tell()

    async def wait_for_cuts(self, count: int, timeout_s: float) -> None:
        """Returns when at least `count` connections were cut since the start.

        Raises: TimeoutError.
        """
        async with asyncio.timeout(timeout_s):
            while self.cuts < count:
                await self.changed()

    def find(self, direction: Direction, kind: type[T]) -> tuple[int, T] | None:
        """For pipes: the last added toxic of a kind."""
        for number, (toxic, directions) in reversed(self._toxics.items()):
            if isinstance(toxic, kind) and direction in directions:
                return number, toxic
        return None

    async def changed(self, timeout_s: float | None = None) -> None:
        """For pipes: returns when something was added, removed or cut, or when `timeout_s` is over."""
        change = self._change
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await change.wait()

    def spent(self, number: int) -> None:
        """For pipes: a CutAfterCommit made a cut; after its last one it goes."""
        toxic = self._toxics[number][0]
        self._spent[number] = self._spent.get(number, 0) + 1
        if isinstance(toxic, CutAfterCommit) and self._spent[number] == toxic.times:
            self.remove(number)

    def dropped(self, count: int) -> None:
        """For pipes: so many messages were taken out."""
        self.drops += count

    @property
    def _down(self) -> bool:
        return self.find(Direction.UPSTREAM, Down) is not None

    def _tell(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _bind(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        listener.setblocking(False)
        self._listener = listener
        self._port = listener.getsockname()[1]

    def _open(self) -> None:
        assert self._listener is not None
        if self._down:
            return
        self._listener.listen(BACKLOG)
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _close(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        assert self._listener is not None and self._group is not None
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        if len(self._serving) >= self._connections_max:
            _linger_0(connection)
            connection.close()
            return
        connection.setblocking(False)
        self.accepted += 1
        task = self._group.create_task(self._serve(connection, f"{self._seed}:{self.accepted}"))
        self._serving.add(task)
        self._unserved[task] = connection
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        unserved = self._unserved.pop(task, None)
        if unserved is not None:  # cancelled before its first step
            _linger_0(unserved)
            unserved.close()

    async def _supervise(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as self._group:
            ready.set()
            await asyncio.Event().wait()  # until __aexit__ cancels this, and with it all connections

    async def _serve(self, connection: socket.socket, seed: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        del self._unserved[task]
        writers: list[asyncio.StreamWriter] = []
        reset = True
        try:
            from_client, to_client = await asyncio.open_connection(sock=connection)
            writers.append(to_client)
            if self.find(Direction.UPSTREAM, BlackHole):  # not even the SYN gets through
                await swallow(from_client, self, Direction.UPSTREAM)
                raise Cut
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                from_server, to_server = await asyncio.open_connection(*self._upstream)
            writers.append(to_server)
            up = Pipe(Direction.UPSTREAM, from_client, to_server, self, f"{seed}:up")
            down = Pipe(Direction.DOWNSTREAM, from_server, to_client, self, f"{seed}:down")
            up.twin = down
            async with asyncio.TaskGroup() as group:
                group.create_task(up.run())
                group.create_task(down.run())
            reset = False
        except* Cut as cut:
            self.cuts += 1
            reset = _asks_for_reset(cut)
            self._tell()
        except* (OSError, RuntimeError):
            # One side went away, or the server cannot be reached: the other side is reset. RuntimeError is what
            # uvloop says of a transport that is closed already.
            pass
        finally:
            _end(connection, writers, reset)


def _asks_for_reset(group: BaseExceptionGroup[Cut]) -> bool:
    found: list[BaseException] = list(group.exceptions)
    while found:
        error = found.pop()
        if isinstance(error, BaseExceptionGroup):
            found += error.exceptions
        elif isinstance(error, Cut) and error.reset:
            return True
    return False


def _linger_0(connection: socket.socket) -> None:
    """Closing it now sends RST instead of FIN (Linux and BSD socket(7), SO_LINGER)."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _end(connection: socket.socket, writers: list[asyncio.StreamWriter], reset: bool) -> None:
    if not writers:
        _linger_0(connection)
        connection.close()
    for writer in writers:
        if reset:
            if (held := writer.get_extra_info("socket")) is not None:  # None: uvloop's, when it is closed already
                _linger_0(held)
            writer.transport.abort()
        else:
            writer.close()
