"""A process and all its descendants, and signals to all of them.

A killed parent leaves its children behind: PostgreSQL's backends are sessions of their own, so a signal to
the process group does not reach them. Here the tree is read from /proc, or from `ps` where there is none.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Every living descendant of `pid`, parents before their children; `pid` itself is not among them."""
    children: dict[int, list[int]] = {}
    for one, parent in _parents().items():
        children.setdefault(parent, []).append(one)
    found: list[int] = []
    front = [pid]
    while front:
        front = [child for parent in front for child in children.get(parent, [])]
        found.extend(front)
    return found


def signal_family(pid: int, sig: signal.Signals) -> int:
    """Send `sig` to `pid` and its descendants; how many were reached. The gone are passed over.

    For the two signals that nobody can catch the root is stopped first, so that it bears no further child
    while the tree is read. A stopped family is woken leaves first.
    """
    if sig in (signal.SIGKILL, signal.SIGSTOP):
        _send(pid, signal.SIGSTOP)
        targets = [*descendants(pid), pid]
    else:
        targets = [*reversed(descendants(pid)), pid]
    return sum(_send(target, sig) for target in targets)


def _send(pid: int, sig: signal.Signals) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sig)
        return True
    return False


def _parents() -> dict[int, int]:
    """Parent's id by process id, of every process now alive."""
    if not (_PROC / "self").exists():
        lines = subprocess.run(
            ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True, timeout=10
        ).stdout.splitlines()
        return {int(pid): int(parent) for pid, parent in (line.split() for line in lines)}
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            # The name stands in brackets and may itself hold blanks and brackets; state and parent follow it.
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    parents[int(entry.name)] = int(parent)
    return parents


def processes_in(folder: Path, program: str) -> list[int]:
    """Processes named `program` whose working directory is `folder`; empty where there is no /proc."""
    found: list[int] = []
    for entry in _PROC.iterdir() if (_PROC / "self").exists() else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                same_folder = (entry / "cwd").readlink() == folder
                if same_folder and (entry / "comm").read_text().strip() == program:
                    found.append(int(entry.name))
    return found
