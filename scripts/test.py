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
from pathlib import Path
from typing import Final

from scripts.web_packages import Parts, ensure

ROOT: Final = Path(__file__).resolve().parent.parent
INSTALL_S: Final = 900
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts")
STORIES: Final = "tests/e2e"
"""Whole services and browsers: mostly waiting, so the others run beside them. They stay together: what all of them
walked is compared at their end."""
PLANTED: Final = "tests/test_mutants.py"
"""Work for processors and no clock in it: it takes what the others leave, see PLANTED_NICE."""
PLANTED_NICE: Final = 5
"""Beside two that never wait, two of these still get a quarter of two cores; beside those that do, all they leave."""
BESIDE: Final = {"stories": STORIES, "planted": PLANTED}
"""What a whole run starts beside all other checks."""
DEBIAN: Final = ("chromium", "fonts-noto-cjk")
"""A browser, and letters for its pictures: without the second, Chinese is drawn as empty boxes."""


def checks(fast: bool, words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The checks in their order, quick ones first: (name, command)."""
    pytest = ["-m", "pytest", "--durations=15"]
    if fast:
        pytest += ["-m", "not slow and not browser"]
    part = next((name for name, place in BESIDE.items() if place in words), None if words else "others")
    if part:  # each remembers its own failures
        pytest += ["-o", f"cache_dir=.pytest_cache/{part}"]
    if not words:
        words = [f"--ignore={place}" for place in BESIDE.values()]
    return [
        ("ruff", ["-m", "ruff", "check", "."]),
        ("format", ["-m", "ruff", "format", "--check", "."]),
        ("mypy", ["-m", "mypy"]),
        ("bandit", ["-m", "bandit", "-q", "-ll", "-r", *ROOMS, "-x", "gateway/web"]),  # medium and high
        *([] if fast else [("pip-audit", ["-m", "scripts.advisories", "--tell"])]),  # asks the registry
        ("pytest", [*pytest, *words]),
    ]


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


class Beside:
    """A check that runs while others do; what it says is kept until its turn. `nice`: by how much it stands back."""

    def __init__(self, command: Sequence[str], nice: int = 0) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._began = time.monotonic()
        self._took = 0.0
        command = [sys.executable, *command]
        self._child = subprocess.Popen(command, cwd=ROOT, stdout=self._said, stderr=subprocess.STDOUT)
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, self._child.pid, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        self._child.wait()
        self._took = time.monotonic() - self._began

    def end(self) -> tuple[int, float]:
        """Waits for it, says what it said; its exit code, and the seconds it took."""
        self._watcher.join()
        self._said.seek(0)
        shutil.copyfileobj(self._said, sys.stdout.buffer)
        sys.stdout.flush()
        self._said.close()
        return self._child.returncode, self._took


def started(fast: bool) -> dict[str, Beside]:
    """What runs beside the other checks; all planted bugs take long."""
    wanted = [name for name in BESIDE if not (fast and name == "planted")]
    return {
        name: Beside(checks(fast, [BESIDE[name]])[-1][1], PLANTED_NICE if name == "planted" else 0) for name in wanted
    }


def once_more(result: tuple[str, int, float], fast: bool) -> tuple[str, int, float]:
    """Tests that failed while two runs shared the cores are run again alone: what fails twice has failed. The first
    failure stays told above."""
    name, code, took = result
    if code != 1 or name not in {"pytest", *BESIDE}:
        return result
    say(f"--- {name}: what failed, once more and alone")
    began = time.monotonic()
    tests = checks(fast, [BESIDE[name]] if name in BESIDE else [])[-1][1]
    command = [*tests, "--last-failed", "--last-failed-no-failures=none"]
    code = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
    return name, code, took + time.monotonic() - began


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
    results: list[tuple[str, int, float]] = []
    beside = {} if words else started(chosen.fast)
    for name, command in checks(chosen.fast, words):
        say(f"--- {name}")
        began = time.monotonic()
        code = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
        results.append((name, code, time.monotonic() - began))
    for name, run_beside in beside.items():
        say(f"--- {name}")
        results.append((name, *run_beside.end()))
    if beside:
        results = [once_more(result, chosen.fast) for result in results]
    say("---")
    for name, code, seconds in results:
        say(f"{name:<8} {'passed' if code == 0 else 'FAILED':<7} {seconds:6.1f} s")
    return 1 if any(code for _, code, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
