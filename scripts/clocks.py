"""Processes under a false clock: libfaketime in front of the C library of one child.

A clock is said in libfaketime's words: `-120` is two minutes behind, `+120` ahead, `+0 x1.02` right at first and 2 %
fast. Monotonic seconds count from elsewhere then, and are short where the clock runs fast, as with a fast crystal.
(libfaketime can leave them alone, but then refuses to sleep until a moment.)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

LIBRARY: Final = "libfaketimeMT.so.1"
"""The one for programs with threads."""
PLACES: Final = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")

SHARED: Final = Path("/dev/shm")  # noqa: S108 # nosec B108 - where the system keeps shared memory


class ClockError(Exception):
    """No false clock can be had here; the message says what to install."""


def find_library() -> Path | None:
    """Where libfaketime is, or None."""
    root = Path("/")
    return next((found for place in PLACES for found in root.glob(f"{place[1:]}/{LIBRARY}")), None)


def lacking() -> str:
    """Why no false clock can be had on this machine, or nothing."""
    return "" if find_library() else f"{LIBRARY} is not on this machine: install your system's package libfaketime"


def false_clock(words: str) -> Mapping[str, str]:
    """What to add to a child's environment. Raises: ClockError."""
    library = find_library()
    if library is None:
        raise ClockError(lacking())
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": words,
    }


def tidy(shared: Path = SHARED) -> None:
    """Removes the semaphore and the shared page that libfaketime makes for each process, of those that were killed."""
    for left in shared.glob("*faketime_s*_*"):
        pid = left.name.rpartition("_")[2]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            left.unlink(missing_ok=True)


def wears(pid: int) -> bool:
    """Whether this process runs with libfaketime in front."""
    try:
        return LIBRARY in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False
