"""Every check of the repository, the same here and in CI: ruff, formatting, mypy, bandit, what is known
against the packages, then the tests with their times.

`scripts/test` runs all; `--fast` leaves out what takes long or needs a browser; any other word goes to pytest
(`scripts/test tests/unit -k claim`). Every check runs even when an earlier one failed; the exit code is 0 only
when all passed. The stores that tests need are started by the tests themselves. The pages' packages are installed
from npm by lock; with `--fast` their absence is told and the tests that need them are skipped.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from scripts.web_packages import Parts, ensure

ROOT: Final = Path(__file__).resolve().parent.parent
INSTALL_S: Final = 900
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts")
STORIES: Final = "tests/e2e"
"""Whole services and browsers: mostly waiting, so the others run beside them. They stay together: what all of them
walked is compared at their end."""
AGAIN: Final[dict[str, tuple[str, ...]]] = {"pytest": (), "stories": (STORIES,)}
DEBIAN: Final = ("chromium", "fonts-noto-cjk")
"""A browser, and letters for its pictures: without the second, Chinese is drawn as empty boxes."""


def checks(fast: bool, words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The checks in their order, quick ones first: (name, command)."""
    pytest = ["-m", "pytest", "--durations=15"]
    if fast:
        pytest += ["-m", "not slow and not browser"]
    if not words:
        words = [f"--ignore={STORIES}"]  # those run beside all others
    if not set(words).isdisjoint({STORIES, f"--ignore={STORIES}"}):  # each remembers its own failures
        pytest += ["-o", f"cache_dir=.pytest_cache/{'stories' if STORIES in words else 'others'}"]
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


@dataclass(frozen=True, slots=True)
class Beside:
    """A check that runs while others do; what it says is kept until its turn."""

    child: subprocess.Popen[bytes]
    said: IO[bytes]
    began: float

    @classmethod
    def start(cls, command: Sequence[str]) -> "Beside":
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        child = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        return cls(child, said, time.monotonic())

    def end(self) -> tuple[int, float]:
        """Waits for it, says what it said; its exit code, and the seconds it took."""
        code = self.child.wait()
        took = time.monotonic() - self.began
        self.said.seek(0)
        shutil.copyfileobj(self.said, sys.stdout.buffer)
        sys.stdout.flush()
        self.said.close()
        return code, took


def once_more(result: tuple[str, int, float], fast: bool) -> tuple[str, int, float]:
    """Tests that failed while two runs shared the cores are run again alone: what fails twice has failed. The first
    failure stays told above."""
    name, code, took = result
    if code != 1 or name not in AGAIN:
        return result
    say(f"--- {name}: what failed, once more and alone")
    began = time.monotonic()
    command = [*checks(fast, AGAIN[name])[-1][1], "--last-failed", "--last-failed-no-failures=none"]
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
    stories = None if words else Beside.start(checks(chosen.fast, [STORIES])[-1][1])
    for name, command in checks(chosen.fast, words):
        say(f"--- {name}")
        began = time.monotonic()
        code = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
        results.append((name, code, time.monotonic() - began))
    if stories is not None:
        say("--- stories")
        results.append(("stories", *stories.end()))
        results = [once_more(result, chosen.fast) for result in results]
    say("---")
    for name, code, seconds in results:
        say(f"{name:<8} {'passed' if code == 0 else 'FAILED':<7} {seconds:6.1f} s")
    return 1 if any(code for _, code, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
