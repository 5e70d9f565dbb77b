"""Plays many seeds of the simulated town on all cores: `scripts/seeds --count 10000 --start 0 --json OUT`.

A failure is printed with its seed and the commit, which together replay it: `scripts/seeds --start SEED --count 1
--trace OUT` writes what happened in it, one JSON line an event. Exit codes: 0 no seed failed; 1 some did; 2 the
arguments make no sense.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import answer
from tests.simulation.virtual_time import simulate
from tests.simulation.world_play import Told, town

ROOT = Path(__file__).parents[2]
CHUNK = 10
PLAYED = ("dispatch", "geo", "tests/simulation")  # what a seed depends on
SAID_CHARS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Played:
    """One seed. `error`: what broke, else empty."""

    seed: int
    seconds: float
    virtual_s: float = 0.0
    sha256: str = ""
    told: Told | None = None
    error: str = ""


def play_one(seed: int) -> Played:
    """Never raises for what the seed did."""
    logging.disable(logging.CRITICAL)  # lost calls are the weather here
    began = time.perf_counter()
    try:
        outcome = simulate(town(), seed)
    except Exception as error:
        return Played(seed, time.perf_counter() - began, error=f"{type(error).__name__}: {error}"[:SAID_CHARS_MAX])
    return Played(seed, time.perf_counter() - began, outcome.virtual_s, outcome.sha256, outcome.result)


def play_all(seeds: Sequence[int], cores: int) -> Iterator[Played]:
    """In the order of the seeds."""
    if cores == 1:
        yield from map(play_one, seeds)
        return
    with ProcessPoolExecutor(cores, initializer=_deaf) as pool:
        yield from pool.map(play_one, seeds, chunksize=CHUNK)


def _deaf() -> None:
    """Ctrl-C at a terminal reaches everybody; only who started the others answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def commit() -> str:
    """What the seeds were played on; with a plus where the tree differs from it."""
    try:
        return _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "--", *PLAYED) else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def summary(played: Sequence[Played], wall_s: float, cores: int, on: str) -> dict[str, Any]:
    """What the run amounts to, as the report holds it."""
    held = [p.told for p in played if p.told is not None]
    slowest_s = sorted(p.seconds for p in played)
    return {
        "commit": on,
        "seeds": len(played),
        "first": played[0].seed,
        "failed": [{"seed": p.seed, "error": p.error} for p in played if p.error],
        "cases": sum(t.cases for t in held),
        "facts": sum(t.facts for t in held),
        "answers": sum(t.answers for t in held),
        "won": sum(t.won for t in held),
        "fell_back": sum(t.fell_back for t in held),
        "rounds_max": max((t.rounds_max for t in held), default=0),
        "settled_s_max": max((t.settled_s for t in held), default=0.0),
        "virtual_h": round(sum(p.virtual_s for p in played) / 3600, 2),
        "wall_s": round(wall_s, 1),
        "cores": cores,
        "ms_a_seed_p50": round(slowest_s[len(slowest_s) // 2] * 1000, 1),
        "ms_a_seed_mean": round(sum(slowest_s) / len(slowest_s) * 1000, 1),
    }


def write_trace(seed: int, path: Path) -> None:
    """What happened, to the end or to where it broke."""
    logging.disable(logging.CRITICAL)
    lines: list[str] = []
    try:
        simulate(town(lines), seed)
    except Exception as error:
        lines.append(json.dumps(f"{type(error).__name__}: {error}"))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/seeds", description="Play many seeds of the simulated town.")
    parser.add_argument("--count", type=int, required=True, metavar="N", help="how many seeds")
    parser.add_argument("--start", type=int, default=0, metavar="S", help="the first one (0)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where the report goes")
    parser.add_argument("--cores", type=int, metavar="C", help="processes (all cores)")
    parser.add_argument("--trace", type=Path, metavar="OUT", help="with --count 1: where the history goes")
    chosen = parser.parse_args(argv)
    cores = chosen.cores or len(os.sched_getaffinity(0))
    if chosen.count < 1 or chosen.start < 0 or cores < 1:
        parser.error("--count and --cores are at least 1, --start is not negative")
    if chosen.trace is not None:
        if chosen.count != 1:
            parser.error("--trace is for one seed")
        write_trace(chosen.start, chosen.trace)
    began, on = time.monotonic(), commit()
    played: list[Played] = []
    answer.tells(lambda: summary(played, time.monotonic() - began, cores, on) if played else {"commit": on})
    for one in play_all(range(chosen.start, chosen.start + chosen.count), cores):
        played.append(one)
        if one.error:
            print(f"seed {one.seed} at commit {on}: {one.error}", flush=True)
    report = summary(played, time.monotonic() - began, cores, on)
    if chosen.json is not None:
        answer.write(chosen.json, report)
    failed = len(report["failed"])
    print(f"{report['seeds']} seeds, {failed} failed; {report['cases']} cases, {report['facts']} facts, "
          f"{report['virtual_h']} virtual hours in {report['wall_s']} s on {cores} cores "
          f"({report['ms_a_seed_mean']} ms a seed)")  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
