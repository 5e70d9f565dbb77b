"""A folder outside the database that holds a witness's records: keeps `dispatch.audit.ports.Outside`.

One file a day, a line a record, only ever appended and flushed to the disk. The folder is another disk, another host's
share or a write-once store; its owner is not the database's administrator. A lock file says who writes.
"""

import errno
import fcntl
import os
from pathlib import Path
from typing import IO, Final

import msgspec

from dispatch.audit.record import RecordsError, Signed

FILES: Final = "heads-*.jsonl"
PER_FILE: Final = 1_440  # a day of minutes


def lines_of(folder: Path) -> list[bytes]:
    """Every record's line, in order. A last line that was cut by a death is none. Raises: OSError, RecordsError."""
    found: list[bytes] = []
    files = sorted(folder.glob(FILES))
    for number, path in enumerate(files):
        *whole, rest = path.read_bytes().split(b"\n")
        if rest and number < len(files) - 1:
            raise RecordsError(f"{path.name} ends in the middle of a record")
        found += whole
    return found


class HeadsFolder:
    """`pem`: the public key, laid beside the records where none lies yet."""

    def __init__(self, folder: Path, key_file: str, pem: bytes) -> None:
        self._folder, self._key_file, self._pem = folder, key_file, pem
        self._held: IO[bytes] | None = None
        self._count = 0

    def hold(self) -> bool:
        if self._held is not None:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = (self._folder / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._held = lock
        key = self._folder / self._key_file
        if not key.exists():
            key.write_bytes(self._pem)
        elif key.read_bytes() != self._pem:
            self.release()
            raise RecordsError(f"{key} is another witness's key: begin another folder")
        return True

    def release(self) -> None:
        """Another may write here now."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def lines(self) -> list[bytes]:
        found = lines_of(self._folder)
        self._count = len(found)
        return found

    def write(self, line: Signed) -> None:
        path = self._folder / f"heads-{self._count // PER_FILE + 1:06}.jsonl"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._end_of_whole(descriptor)
            said = msgspec.json.encode(line) + b"\n"
            if os.write(descriptor, said) != len(said):  # the disk is full: what was cut is written over next time
                raise OSError(errno.ENOSPC, "a record was cut")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._count += 1

    @staticmethod
    def _end_of_whole(descriptor: int) -> None:
        """After the last whole line: a half one, left by a death in the middle of writing, is written over."""
        size = os.fstat(descriptor).st_size
        whole = os.pread(descriptor, size, 0).rfind(b"\n") + 1
        if whole < size:
            os.ftruncate(descriptor, whole)
        os.lseek(descriptor, whole, os.SEEK_SET)
