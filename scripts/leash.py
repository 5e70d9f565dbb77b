"""Exec wrapper: run a program that dies with its parent, perhaps as a lesser user.

Called as ``python -I -S leash.py PARENT SIGNAL UID GID search|plain -- PROGRAM ARG...``; it never
returns. PARENT is the
process that must stay alive, SIGNAL what the kernel sends us when it does not, UID and GID whom to become
(-1: stay who we are). It imports the standard library only, because it runs before any path is set.

PostgreSQL refuses to run as root, so root starts it as another user. When that user may not enter the folders
on the way to the program or the data (a checkout under /root), it keeps one capability for it: reading and
searching, or where a container withholds that one, its wider sibling. The folders' own modes stay untouched.

Exit codes: 125 the parent was already gone, 126 the user could not be changed, 127 no such program.
"""

import ctypes
import os
import resource
import signal
import sys

# From Linux's prctl.h and capability.h; they are part of its stable interface.
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522


def main(argv: list[str]) -> None:
    parent, death_signal, uid, gid = (int(word) for word in argv[1:5])
    program = argv[argv.index("--") + 1 :]
    # Found before the change of user: afterwards Python may not even be able to read its own library.
    path = _find(program[0])
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _raise_file_limit()
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True) if linux else None
    if uid >= 0:
        try:
            _become(uid, gid, libc, keep_search=argv[5] == "search")
        except OSError as error:
            print(f"leash: cannot become user {uid}: {error}", file=sys.stderr)
            sys.exit(126)
    if libc is not None:
        # After the change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(125)
    try:
        os.execv(path, program)  # noqa: S606 - this is what a wrapper is for
    except OSError as error:
        print(f"leash: cannot run {program[0]}: {error}", file=sys.stderr)
        sys.exit(127)


def _find(name: str) -> str:
    places = [] if "/" in name else [os.path.join(folder, name) for folder in os.get_exec_path()]  # noqa: PTH118
    return next((place for place in places if os.access(place, os.X_OK)), name)


def _raise_file_limit() -> None:
    """A process with hundreds of sockets needs more than the usual soft limit of 1,024 files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _become(uid: int, gid: int, libc: "ctypes.CDLL | None", *, keep_search: bool) -> None:
    keep = keep_search and libc is not None
    if keep and libc is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keep and libc is not None:
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
            if _keep_only(libc, capability):
                return
        raise PermissionError("it may not enter the folders on the way to the program or its files")


def _keep_only(libc: ctypes.CDLL, capability: int) -> bool:
    """Drop every capability but one and let it survive exec; whether that worked."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


if __name__ == "__main__":
    main(sys.argv)
