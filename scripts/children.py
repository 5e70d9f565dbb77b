"""Named child processes that are kept running, and that die with us.

`Children` starts programs in the foreground of this process (each on a leash, see `leash.py`), writes what
they say to a log file each, starts them again when they die (first at once, then ever more slowly, and not
for ever), and stops them in the reverse order of their start. Chaos runs kill and freeze through it too.

It must be used from the main thread: Linux ties "dies with the parent" to the thread that started the child.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scripts.family import signal_family

log = logging.getLogger(__name__)

BACKOFF_FIRST_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
STEADY_S: Final = 10.0
"""A child that lived this long has recovered: its next death starts the backoff anew."""
QUICK_DEATHS_MAX: Final = 12
"""So many deaths in a row, none of them ours, and we stop trying: about 40 s after the first."""
LOG_MAX_BYTES: Final = 20_000_000
"""A larger log is set aside once (NAME.log.1) before a start, so that logs cannot fill the disk."""

_LEASH: Final = str(Path(__file__).with_name("leash.py"))


class ChildError(Exception):
    """A child that does not stay up; carries its name and the end of its log."""

    def __init__(self, name: str, why: str, said: str = "") -> None:
        self.name, self.why, self.said = name, why, said
        super().__init__(f"{name} {why}" + (f"\n--- the end of its log:\n{said}" if said else ""))


@dataclass(frozen=True, slots=True)
class Child:
    """What to run and how to end it.

    `env` is the whole environment (None: ours). `log` receives stdout and stderr (None: ours). `stop` asks it
    to end, `stop_s` later it is killed. `orphaned` is what the kernel sends it when we die without a word.
    `user` is (uid, gid) to become; `search` lets that user pass folders that are closed to it. `before` runs
    before every start, in a thread; an OSError from it counts as a death.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    log: Path | None = None
    cwd: Path | None = None
    stop: signal.Signals = signal.SIGTERM
    stop_s: float = 10.0
    orphaned: signal.Signals = signal.SIGTERM
    user: tuple[int, int] | None = None
    search: bool = False
    before: Callable[[], None] | None = None


@dataclass(slots=True)
class _Life:
    child: Child
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    keeper: "asyncio.Task[None] | None" = None
    deaths: int = 0
    quick: int = 0
    ours: bool = False
    gave_up: ChildError | None = None


class Children:
    """A set of children. `async with` stops all of them at the end; so does `stop()`."""

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}
        self._failed = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self, child: Child) -> None:
        """Begin to keep `child` running. Raises: ValueError when one of that name is already kept."""
        if child.name in self._lives:
            raise ValueError(f"a child named {child.name} is already kept")
        life = _Life(child)
        self._lives[child.name] = life
        life.keeper = asyncio.create_task(self._keep(life), name=f"keep {child.name}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._lives)

    def pid(self, name: str) -> int | None:
        """Its process now; None between a death and the next start."""
        process = self._lives[name].process
        return process.pid if process is not None and process.returncode is None else None

    def deaths(self, name: str) -> int:
        """How often it died without having been asked to stop; kills of ours count too."""
        return self._lives[name].deaths

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> bool:
        """Send `sig` to the child and all its descendants; False when it is not running just now."""
        pid = self.pid(name)
        if pid is None:
            return False
        self._lives[name].ours = True
        return signal_family(pid, sig) > 0

    def pause(self, name: str) -> bool:
        """Freeze the child and all its descendants."""
        pid = self.pid(name)
        return pid is not None and signal_family(pid, signal.SIGSTOP) > 0

    def resume(self, name: str) -> bool:
        """Let a frozen child go on."""
        pid = self.pid(name)
        return pid is not None and signal_family(pid, signal.SIGCONT) > 0

    async def restart(self, name: str) -> None:
        """Stop the child as a person would, and start it again."""
        child = self._lives[name].child
        await self.stop_one(name)
        self.start(child)

    async def stop_one(self, name: str) -> None:
        """Ask the child to end, kill it after its `stop_s`, and forget it."""
        life = self._lives[name]
        life.stopping.set()
        pid = self.pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, life.child.stop)
                os.kill(pid, signal.SIGCONT)
            signal_family(pid, signal.SIGCONT)
        assert life.keeper is not None
        try:
            await asyncio.wait_for(asyncio.shield(life.keeper), life.child.stop_s)
        except TimeoutError:
            log.warning("%s did not stop within %.0f s: killing it", name, life.child.stop_s)
            pid = self.pid(name)
            if pid is not None:
                signal_family(pid, signal.SIGKILL)
            await life.keeper
        del self._lives[name]

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for name in reversed(self.names):
            await self.stop_one(name)

    async def failure(self) -> ChildError:
        """Wait until a child is given up on, and say which."""
        await self._failed.wait()
        return next(life.gave_up for life in self._lives.values() if life.gave_up is not None)

    def check(self, name: str) -> None:
        """Raises: ChildError when this child has been given up on."""
        gave_up = self._lives[name].gave_up
        if gave_up is not None:
            raise gave_up

    async def _keep(self, life: _Life) -> None:
        loop = asyncio.get_running_loop()
        while not life.stopping.is_set():
            began = loop.time()
            ended = await self._run_once(life)
            if life.stopping.is_set():
                return
            life.deaths += 1
            life.quick = 0 if life.ours or loop.time() - began >= STEADY_S else life.quick + 1
            life.ours = False
            if life.quick > QUICK_DEATHS_MAX:
                life.gave_up = ChildError(life.child.name, f"does not stay up: {ended}", self.said(life.child))
                self._failed.set()
                return
            pause_s = min(BACKOFF_FIRST_S * 2 ** max(0, life.quick - 1), BACKOFF_MAX_S)
            log.warning("%s %s; starting it again in %.1f s", life.child.name, ended, pause_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(life.stopping.wait(), pause_s)

    async def _run_once(self, life: _Life) -> str:
        """One life from start to death; how it ended, in words."""
        child = life.child
        try:
            if child.before is not None:
                await asyncio.to_thread(child.before)
            life.process = await _spawn(child)
        except OSError as error:
            return f"did not start ({error})"
        if life.stopping.is_set():
            # Asked to stop while it was being born.
            signal_family(life.process.pid, signal.SIGKILL)
        code = await life.process.wait()
        life.process = None
        return f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"

    @staticmethod
    def said(child: Child, lines: int = 15) -> str:
        """The last lines of its log."""
        if child.log is None or not child.log.exists():
            return ""
        with child.log.open("rb") as file:
            file.seek(max(0, child.log.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


async def run_once(child: Child, timeout_s: float) -> None:
    """Run a child that ends by itself. Raises: ChildError when it fails, or takes longer; it is killed then."""
    process = await _spawn(child)
    try:
        code = await asyncio.wait_for(process.wait(), timeout_s)
    except TimeoutError:
        raise ChildError(child.name, f"took longer than {timeout_s:.0f} s", Children.said(child)) from None
    finally:
        if process.returncode is None:
            signal_family(process.pid, signal.SIGKILL)
            await process.wait()
    if code != 0:
        raise ChildError(child.name, f"failed with code {code}", Children.said(child))


async def _spawn(child: Child) -> asyncio.subprocess.Process:
    uid, gid = child.user or (-1, -1)
    leash = (
        sys.executable,
        "-I",
        "-S",
        _LEASH,
        str(os.getpid()),
        str(int(child.orphaned)),
        str(uid),
        str(gid),
    )
    output: int | None = None
    if child.log is not None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        if child.log.exists() and child.log.stat().st_size > LOG_MAX_BYTES:
            child.log.replace(child.log.with_name(child.log.name + ".1"))
        output = os.open(child.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *leash, "search" if child.search else "plain", "--", *child.argv,
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
            env=child.env, cwd=child.cwd, start_new_session=True,
        )  # fmt: skip
    finally:
        if output is not None:
            os.close(output)
