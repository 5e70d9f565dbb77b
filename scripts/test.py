"""Every check of the repository, the same here and in CI: ruff, formatting, mypy, bandit, what is known
against the packages, then the tests with their times.

`scripts/test` runs all; `--fast` leaves out what takes long or needs a browser; any other word goes to pytest
(`scripts/test tests/unit -k claim`). Every check runs even when an earlier one failed; the exit code is 0 only
when all passed. The stores that tests need are started by the tests themselves. The pages' packages are installed
from npm by lock; with `--fast` their absence is told and the tests that need them are skipped.
"""

import argparse
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.web_packages import Parts, ensure

ROOT: Final = Path(__file__).resolve().parent.parent
INSTALL_S: Final = 900
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts")
STORIES: Final = "tests/e2e"
"""Whole services and browsers: mostly waiting, so the others run beside them. They stay together: what all of them
walked is compared at their end."""
ALONE: Final = (f"{STORIES}/test_axe.py", f"{STORIES}/test_reflow.py")
"""Of them, what looks at pages without a service and walks nothing: played among the others, so that neither is the
longer half."""
PLANTED: Final = "tests/test_mutants.py"
"""Work for processors and no clock in it: it takes what the others leave, see PLANTED_NICE."""
PLANTED_NICE: Final = 5
"""Beside two that never wait, two of these still get a quarter of two cores; beside those that do, all they leave."""
BESIDE: Final = {"stories": 0, "planted": PLANTED_NICE}
"""The parts of the tests that a whole run starts beside all other checks; by how much each stands back."""
DEBIAN: Final = ("chromium", "fonts-noto-cjk")
"""A browser, and letters for its pictures: without the second, Chinese is drawn as empty boxes."""


def checks(fast: bool, words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The checks in their order, quick ones first: (name, command)."""
    pytest = ["-m", "pytest", "--durations=15"]
    if fast:
        pytest += ["-m", "not slow and not browser"]
    return [
        ("ruff", ["-m", "ruff", "check", "."]),
        ("format", ["-m", "ruff", "format", "--check", "."]),
        ("mypy", ["-m", "mypy"]),
        ("bandit", ["-m", "bandit", "-q", "-ll", "-r", *ROOMS, "-x", "gateway/web"]),  # medium and high
        *([] if fast else [("pip-audit", ["-m", "scripts.advisories", "--tell"])]),  # asks the registry
        ("pytest", [*pytest, *(words or part("pytest"))]),
    ]


def part(name: str) -> list[str]:
    """pytest's words for a part of a whole run. Each remembers its own failures."""
    stories = [place.relative_to(ROOT).as_posix() for place in sorted((ROOT / STORIES).glob("test_*.py"))]
    words = {
        "pytest": [f"--ignore={place}" for place in (*stories, PLANTED) if place not in ALONE],
        "stories": [STORIES, *(f"--ignore={place}" for place in ALONE)],
        "planted": [PLANTED],
    }
    return ["-o", f"cache_dir=.pytest_cache/{name}", *words[name]]


def ensure_browser(environ: Mapping[str, str], root: bool) -> str | None:
    """A Chromium that tests can drive is there afterwards; None, or a sentence why not.

    On Debian as root it is the system's own (with fonts), elsewhere the one that Playwright brings.
    """
    fonts = shutil.which("fc-list", path=environ.get("PATH")) is not None and _has_chinese_letters()
    if environ.get("ONBEAT_CHROMIUM") or (shutil.which("chromium", path=environ.get("PATH")) and fonts):
        return None
    apt = shutil.which("apt-get", path=environ.get("PATH"))
    if apt and root:
        say(f"Installing {' and '.join(DEBIAN)} (once) ...")
        quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
        # The lists may be absent or old; a failure of the first is met by the second.
        run([apt, "-qq", "update"], quiet)
        if run([apt, "-qq", "-y", "--no-install-recommends", "install", *DEBIAN], quiet) == 0:
            return None
    if importlib.util.find_spec("playwright") is not None:
        say("Asking Playwright for its Chromium (once) ...")
        if run([sys.executable, "-m", "playwright", "install", "chromium"], environ) == 0:
            return None
    return "no Chromium could be installed: install one, name it with ONBEAT_CHROMIUM, or use --fast"


def _has_chinese_letters() -> bool:
    listed = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False, timeout=60
    )
    return listed.returncode == 0 and bool(listed.stdout.strip())


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit code of an installer; what it says goes to stderr."""
    try:
        return subprocess.run(
            command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False, timeout=INSTALL_S
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def say(text: str) -> None:
    print(text, flush=True)


@dataclass(frozen=True, slots=True)
class Result:
    """`took_s` by the clock; `used_s` of processors, by all processes that belonged to it and were waited for."""

    name: str
    code: int
    took_s: float
    used_s: float

    def __str__(self) -> str:
        passed = "passed" if self.code == 0 else "FAILED"
        return f"{self.name:<9} {passed} {self.took_s:7.1f} s, {self.used_s:7.1f} s of processors"


def waited(name: str, child: "subprocess.Popen[bytes]", began: float) -> Result:
    """When it has ended."""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Result(name, child.returncode, time.monotonic() - began, used.ru_utime + used.ru_stime)


def alone(name: str, command: Sequence[str]) -> Result:
    """Runs a check to its end."""
    say(f"--- {name}")
    began = time.monotonic()
    return waited(name, subprocess.Popen([sys.executable, *command], cwd=ROOT), began)


class Beside:
    """A check that runs while others do; what it says is kept until its turn. `nice`: by how much it stands back."""

    def __init__(self, name: str, command: Sequence[str], nice: int = 0) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._began = time.monotonic()
        self._name = name
        command = [sys.executable, *command]
        self._child = subprocess.Popen(command, cwd=ROOT, stdout=self._said, stderr=subprocess.STDOUT)
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, self._child.pid, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        self._result = waited(self._name, self._child, self._began)

    def end(self) -> Result:
        """Waits for it, and says what it said."""
        self._watcher.join()
        say(f"--- {self._name}")
        self._said.seek(0)
        shutil.copyfileobj(self._said, sys.stdout.buffer)
        sys.stdout.flush()
        self._said.close()
        return self._result


def started(fast: bool) -> list[Beside]:
    """What runs beside the other checks; all planted bugs take long."""
    wanted = [name for name in BESIDE if not (fast and name == "planted")]
    return [Beside(name, checks(fast, part(name))[-1][1], BESIDE[name]) for name in wanted]


def once_more(result: Result, fast: bool) -> Result:
    """Tests that failed while others ran beside them are run again alone: what fails twice has failed. The first
    failure stays told above."""
    if result.code != 1 or result.name not in {"pytest", *BESIDE}:
        return result
    say("--- once more and alone: what failed")
    command = [*checks(fast, part(result.name))[-1][1], "--last-failed", "--last-failed-no-failures=none"]
    again = alone(result.name, command)
    return Result(result.name, again.code, result.took_s + again.took_s, result.used_s + again.used_s)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        description="Run ruff, the format check, mypy and all tests.",
        epilog="Any other word goes to pytest.",
    )
    parser.add_argument("--fast", action="store_true", help="leave out tests that take long or need a browser")
    chosen, words = parser.parse_known_args()
    if not chosen.fast:
        missing = ensure_browser(os.environ, os.geteuid() == 0)
        if missing:
            print(f"scripts/test: {missing}", file=sys.stderr)
            return 1
    unpacked = ensure(Parts.ALL)
    if unpacked:
        print(f"scripts/test: {unpacked}", file=sys.stderr)
        if not chosen.fast:
            return 1
    beside = [] if words else started(chosen.fast)
    results = [alone(name, command) for name, command in checks(chosen.fast, words)]
    results += [other.end() for other in beside]
    if beside:
        results = [once_more(result, chosen.fast) for result in results]
    say("---")
    for result in results:
        say(str(result))
    return 1 if any(result.code for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
