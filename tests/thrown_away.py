"""Where stores of tests keep what nobody will want again."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 # nosec B108 - a folder of its own is made in it
ROOM_BYTES: Final = 6 * 1024**3  # two pairs of stores, some hundred databases each


def folder(prefix: str) -> Path:
    """A new folder, in memory where the machine has room there. Hundreds of databases are made and dropped, some 300
    files each, and ext4 gives no inode away again for a while: on disk four fifths of the processors' time went into
    looking for one (2026-11-30, three runs of tests on two cores). Whoever asks removes it."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES and _available() > ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if roomy else None))


def _available() -> int:
    """Bytes of memory that could be had; 0 where nothing says so."""
    try:
        told = Path("/proc/meminfo").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("MemAvailable:")), 0)
