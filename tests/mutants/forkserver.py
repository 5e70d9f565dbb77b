"""Runs pytest again and again over one copy of the tree, each time in a fork of a process that holds what stays.

    python -P tests/mutants/forkserver.py ROOM...        in the copy, with its folder on PYTHONPATH

What is held: the interpreter, pytest with its plugins, packages from outside. Never a module of the tree itself, whose
top names the ROOMs are, and never a second thread (both are looked at before each fork): each run imports the tree from
the files as they are then, and whatever it leaves in memory dies with it.

Asked by lines of JSON on stdin, answered by a line each on stdout; ends with stdin, and dies with its parent.

    {"hold": WORDS, "report": FILE}       collects these tests in a fork, then holds what they imported from outside;
                                          answers how many modules that are
    {"words": WORDS, "report": FILE,      pytest's words; what it says goes to FILE; killed after `s_max`; answers
     "environ": {...}, "s_max": SECONDS}  its exit code, negative for a signal
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

BROKE: Final = 1  # what Python itself ends with where nobody caught an exception
PR_SET_PDEATHSIG: Final = 1  # from Linux's prctl.h
COLLECTING_S_MAX: Final = 120


class Forks:
    """`rooms`: the top names that must not be held."""

    def __init__(self, rooms: frozenset[str]) -> None:
        self.rooms = rooms

    def answer(self, asked: dict[str, Any]) -> int:
        report = Path(asked["report"])
        if "hold" in asked:
            return self.hold(asked["hold"], report)
        return self.forked(lambda: int(pytest.main(asked["words"])), report, asked["s_max"], asked["environ"])

    def hold(self, words: list[str], report: Path) -> int:
        """Raises: RuntimeError when the tests cannot be collected."""
        seen = report.with_suffix(".modules")

        def collect() -> int:
            code = int(pytest.main(["--collect-only", "-q", *words]))
            others = [name for name, module in sys.modules.items() if self._is_of_others(name, module)]
            seen.write_text("\n".join(others))
            return code

        if code := self.forked(collect, report, COLLECTING_S_MAX, {}):
            raise RuntimeError(f"collecting ended with {code}:\n{report.read_text()[-4000:]}")
        for name in seen.read_text().splitlines():
            # What cannot be had by its name alone is imported by each fork.
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # a collection in a fork would copy every page of what is held
        return len(sys.modules)

    def forked(self, work: Callable[[], int], report: Path, s_max: int, environ: dict[str, str]) -> int:
        """The exit code of `work`, done in a fork."""
        self._alone()
        pid = os.fork()
        if pid == 0:
            _work(work, report, s_max, environ)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _is_of_others(self, name: str, module: object) -> bool:
        return name.partition(".")[0] not in {*self.rooms, "__main__"} and getattr(module, "__spec__", None) is not None

    def _alone(self) -> None:
        held = {name for name in sys.modules if name.partition(".")[0] in self.rooms}
        assert not held, f"of the tree itself, and held: {sorted(held)}"
        tasks = Path("/proc/self/task")  # has those, too, that Python does not know
        threads = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
        assert threads == 1, "the others would be missing in a fork, and what they hold locked for ever"


def _work(work: Callable[[], int], report: Path, s_max: int, environ: dict[str, str]) -> NoReturn:
    code = BROKE
    try:
        die_with_the_parent()
        signal.alarm(s_max)
        with report.open("wb") as out, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        os.environ.update(environ)
        importlib.invalidate_caches()
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # nothing of the parent's is ended twice


def die_with_the_parent() -> None:
    """Even by SIGKILL, where the system can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> int:
    die_with_the_parent()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints while it is imported is no answer
    forks = Forks(frozenset(sys.argv[1:]))
    for line in sys.stdin:
        print(forks.answer(json.loads(line)), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
