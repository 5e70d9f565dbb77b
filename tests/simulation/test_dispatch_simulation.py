"""The dispatch core under drawn faults: promises hold on every seed, a seed is a history, and planted bugs are found.

`scripts/seeds` plays the thousands; here is the smoke of it. A failure names its seed:
`scripts/seeds --start SEED --count 1 --trace OUT` plays it again.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from dispatch.adapters.memory import deadlines, steps
from dispatch.adapters.memory.rows import Records
from dispatch.cases import machine
from dispatch.cases.board import Board
from dispatch.cases.facts import Answer, Fact
from dispatch.cases.values import Case, Event, Happened, Refusal, Status
from dispatch.streams.memory import StreamMemory
from tests.simulation import seeds
from tests.simulation.invariants import Broken
from tests.simulation.virtual_time import simulate
from tests.simulation.world_play import CASES, TRUE_EVERY, town

SMOKE = range(1, 1 + 8 * 7)  # seven of them with the service's own minute
HUNT = 60  # seeds within which a planted bug must be found


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Lost calls are the weather here, not worth a line each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", SMOKE[::8])
def test_every_promise_holds_on_every_seed(first: int) -> None:
    won = fell_back = 0
    modes = [0, 0, 0, 0]
    for seed in range(first, first + 8):
        told = simulate(town(), seed).result
        assert told.cases == CASES, f"seed {seed}"
        won, fell_back = won + told.won, fell_back + told.fell_back
        walked = (told.head_starts, told.turns, told.desk_first, told.stood_down)
        modes = [sum(both) for both in zip(modes, walked, strict=True)]
    assert won > 50 and fell_back > 5, f"seeds from {first}: people race, and some are too late"
    assert min(modes) > 0, f"seeds from {first}: every mode is walked, and somebody stands down: {modes}"


@pytest.mark.parametrize("seed", [3, TRUE_EVERY])
def test_a_seed_played_twice_is_the_same_history(seed: int) -> None:
    first, second = simulate(town(), seed), simulate(town(), seed)
    assert first.sha256 == second.sha256
    assert first.result == second.result
    assert simulate(town(), seed + 1).sha256 != first.sha256


def test_another_process_with_another_hash_seed_plays_the_same_history() -> None:
    here = simulate(town(), 5).sha256
    said = "from tests.simulation.seeds import play_one; print(play_one(5).sha256)"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=seeds.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == here


def found(hunt: int = HUNT) -> str:
    """What the first broken promise says, among the first seeds with the quick pace."""
    for seed in range(1, hunt):
        if seed % TRUE_EVERY:
            try:
                simulate(town(), seed)
            except Broken as broken:
                return str(broken)
    raise AssertionError(f"nothing was found in {hunt} seeds")


def test_a_judge_that_forgets_the_round_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = machine.judge_claim
    monkeypatch.setattr(
        machine, "judge_claim", lambda case, claim, now: judge(case, replace(claim, round=case.round), now)
    )
    assert "won is of the round that was claimed" in found()


def test_a_judge_that_seats_everybody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    judge: Callable[..., Refusal | None] = machine.judge_claim

    def generous(*asked: object) -> Refusal | None:
        refusal = judge(*asked)
        return None if refusal is Refusal.NO_SLOT else refusal

    monkeypatch.setattr(machine, "judge_claim", generous)
    assert "no more cases than slots" in found()


def test_a_fence_that_is_not_raised_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    evolve = machine.evolve

    def level(case: Case, happened: Happened) -> Case:
        return replace(evolve(case, happened), fence=max(case.fence, 1))

    monkeypatch.setattr(steps, "evolve", level)
    assert "each grant has a higher fence" in found()


def a_second_early(db: Records, station: str, us: int) -> list[Answer]:
    """Windows as a hasty sweeper fires them: every town sees one."""
    answers = []
    for row in db.cases.values():
        if row.station == station and row.core.status is Status.OFFERED and row.deadline_us <= us + 1_000_000:
            row.core = replace(row.core, status=Status.AT_STATION)
            fact = steps.to_desk(db, row, Event.FELL_BACK, "service", None, "early", us)
            answers.append(db.answer(row, [fact]))
    return answers


def test_a_sweeper_that_fires_a_second_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "fire_window", a_second_early)
    assert "no fall-back before the deadline" in found()


def test_a_feed_that_passes_over_holes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: StreamMemory) -> Fact | None:
        if not self._early:
            return None
        fact = self._early.pop(min(self._early))
        self.head = max(self.head, fact.offset)
        return fact

    monkeypatch.setattr(StreamMemory, "pop", careless)
    monkeypatch.setattr(StreamMemory, "accept", lambda self, fact, now: not self._early.update({fact.offset: fact}))
    assert "without a hole" in found()


def test_a_board_that_forgets_who_held_a_seat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = Board.refuses

    def hasty(self: Board, case: UUID, officer: UUID, round_: int) -> Refusal | None:
        entry = self.cases.get(case)
        if entry is not None:
            entry.held_by.clear()
        return refuses(self, case, officer, round_)

    monkeypatch.setattr(Board, "refuses", hasty)
    assert "never won and lost for one key" in found()


def test_the_runner_tells_seed_and_commit_of_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(deadlines, "fire_window", a_second_early)
    out = tmp_path / "out.json"
    assert seeds.main(["--count", "1", "--start", "1", "--cores", "1", "--json", str(out)]) == 1
    assert "seed 1 at commit" in capsys.readouterr().out
    report = json.loads(out.read_text())
    assert [one["seed"] for one in report["failed"]] == [1]


def test_the_runner_plays_in_several_processes_and_reports_what_it_played(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    trace = out.with_suffix(".trace")
    assert seeds.main(["--count", "4", "--start", "1", "--cores", "2", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["seeds"], report["failed"], report["cases"]) == (4, [], 4 * CASES)
    assert seeds.main(["--count", "1", "--start", "1", "--cores", "1", "--trace", str(trace)]) == 0
    words = {json.loads(line)[1] for line in trace.read_text().splitlines()}
    assert {"start", "fact", "told", "all is well"} <= words
