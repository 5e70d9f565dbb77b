"""False clocks are really false, and only for the child that was given one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.clocks import false_clock, lacking, tidy, wears

PRINTS = "import time; a = time.time(), time.monotonic(); time.sleep(0.5); print(*a, time.time(), time.monotonic())"

pytestmark = pytest.mark.skipif(bool(lacking()), reason="libfaketime is not installed")


def clocks(words: str) -> tuple[float, float, float]:
    """Of a child: how far its wall clock is ahead; how long half a second was by its wall and its monotonic clock."""
    env = {**os.environ, **false_clock(words)}
    before = time.time()
    done = subprocess.run(
        [sys.executable, "-c", PRINTS], env=env, capture_output=True, text=True, check=True, timeout=30
    )
    wall, mono, wall_then, mono_then = map(float, done.stdout.split())
    return wall - before, wall_then - wall, mono_then - mono


@pytest.mark.parametrize("words", ["-120", "+120"])
def test_a_clock_set_wrong_is_wrong_by_that_and_its_seconds_are_true(words: str) -> None:
    ahead, lasted, mono_lasted = clocks(words)
    assert ahead == pytest.approx(float(words), abs=10)
    assert 0.49 <= lasted < 5 and lasted == pytest.approx(mono_lasted, abs=0.05)


def test_a_fast_clock_counts_more_seconds_on_both_clocks() -> None:
    before = time.monotonic()
    ahead, lasted, mono_lasted = clocks("+0 x20")
    assert abs(ahead) < 60
    assert lasted >= 0.49 and mono_lasted == pytest.approx(lasted, abs=0.5)
    assert time.monotonic() - before < 10


def test_what_the_killed_left_in_shared_memory_goes_and_what_the_living_use_stays(tmp_path: Path) -> None:
    names = [f"{word}_{pid}" for word in ("faketime_shm", "sem.faketime_sem") for pid in (os.getpid(), 2**22 + 1)]
    for name in (*names, "PostgreSQL.1"):
        (tmp_path / name).touch()
    tidy(tmp_path)
    living = {f"faketime_shm_{os.getpid()}", f"sem.faketime_sem_{os.getpid()}", "PostgreSQL.1"}
    assert {left.name for left in tmp_path.iterdir()} == living


def test_who_runs_with_the_true_clock_is_seen() -> None:
    assert not wears(os.getpid())
