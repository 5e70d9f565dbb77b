"""The pages' report: whole at any time, with a reason for what is missing, and never content with less than all."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.looks import calm, lighthouse
from scripts.looks.axe import Look
from scripts.looks.calm import Machine
from scripts.looks.pages import NAMES, NotLooked
from scripts.pages_report import Report, attempt

GOOD = {"performance": 97, "accessibility": 100, "best_practices": 100, "seen": []}


def reached(out: Path) -> Report:
    """A report in which everything is as it should be."""
    report = Report(out, first_view_kb=87.0)
    report.runs = [Look(name, "live", "en", "dark", 0) for name in NAMES]
    report.unlooked = set()
    report.lighthouse = {name: dict(GOOD) for name in NAMES}
    return report


async def test_a_part_that_fails_is_told_at_once_and_the_file_is_whole(tmp_path: Path) -> None:
    report = Report(tmp_path / "deep" / "out.json")

    async def fails() -> None:
        raise NotLooked("no\nChromium")

    async def weighs() -> None:
        report.first_view_kb = 87.0

    await attempt(report, "axe desk", fails)
    await attempt(report, "first_view_kb", weighs)
    told = json.loads((tmp_path / "deep" / "out.json").read_text())
    assert told["reasons"] == {"axe desk": "NotLooked: no Chromium"}
    assert (told["first_view_kb"], told["axe_violations"], told["reached"]) == (87.0, None, False)
    assert {one["page"] for one in told["axe_runs"]} == set(told["lighthouse"]) == set(NAMES)


def test_all_is_reached_and_less_than_all_is_not(tmp_path: Path) -> None:
    assert reached(tmp_path / "out.json").missed() == []
    less: dict[str, Callable[[Report], object]] = {
        "axe found 1 violations": lambda one: one.runs.append(Look("desk", "open", "en", "dark", 1)),
        "axe has not seen every state of admin": lambda one: one.unlooked.add("admin"),
        "best_practices of officer is 99, not 100": lambda one: one.lighthouse.update(
            officer=GOOD | {"best_practices": 99}
        ),
        "performance of citizen is 94, below 95": lambda one: one.lighthouse.update(citizen=GOOD | {"performance": 94}),
        "Lighthouse has not seen desk": lambda one: one.lighthouse.update(desk=None),
        "the first view weighs 100.0 kB, not less than 100": lambda one: setattr(one, "first_view_kb", 100.0),
    }
    for sentence, spoil in less.items():
        report = reached(tmp_path / "out.json")
        spoil(report)
        assert report.missed() == [sentence]


@pytest.mark.parametrize("bad", [0, 1, 2, 3])
async def test_a_run_that_a_busy_machine_spoiled_is_made_again_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, bad: int
) -> None:
    asked = []

    async def run(url: str, port: int, signed_in: bool) -> dict[str, str]:
        asked.append((url, port, signed_in))
        if len(asked) <= bad:
            raise NotLooked("it did not end")
        return {"whole": "yes"}

    monkeypatch.setattr(lighthouse, "_run", run)
    if bad < lighthouse.TRIES:
        assert await lighthouse._ran("http://localhost", 1, True) == {"whole": "yes"}
        assert len(asked) == bad + 1
    else:
        with pytest.raises(NotLooked):
            await lighthouse._ran("http://localhost", 1, True)
        assert len(asked) == lighthouse.TRIES


@pytest.mark.parametrize(
    ("benchmarks", "counted"),
    [
        ([1000, 990, 1010], [1010, 1000, 990]),  # nothing disturbed it: no run more
        ([1000, 300, 990, 980], [1000, 990, 980]),  # one was, and is made again
        ([1000, 300, 310, 305, 299, 301], [1000, 310, 305]),  # no more than so many are made
        ([300, 310, 305], [310, 305, 300]),  # busy all the time is busy: what was seen is told
    ],
)
async def test_the_runs_count_that_had_the_processor_whatever_their_scores(
    benchmarks: list[int], counted: list[int]
) -> None:
    waiting = iter(benchmarks)

    async def run() -> dict[str, Any]:
        return {"environment": {"benchmarkIndex": next(waiting)}, "categories": {"performance": {"score": 0.1}}}

    told = await Machine(patience_s=0).undisturbed(run, 3)
    assert [one["environment"]["benchmarkIndex"] for one in told] == counted
    assert list(waiting) == []


async def test_calm_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 100))
    monkeypatch.setattr(calm, "busy_and_all", lambda: (now := next(ticks), now))
    machine, began = Machine(patience_s=0.5), time.monotonic()
    await machine.calm()
    assert machine.patience_s <= 0 and time.monotonic() - began < 60
