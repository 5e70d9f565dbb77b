"""`scripts/guard` at its smallest: every guess, race and flood against a live service, and an answer that can be no."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from scripts import guard
from scripts.chaos_rows.tally import Found, judged
from scripts.guarding.ground import Ground
from scripts.stores import ROOT

SECONDS_MAX = 150.0  # an end for a run that hangs: quiet, it takes about 18 s
ROWS = ("S4", "S5", "S7", "S8")


@pytest.mark.slow
async def test_guesses_races_and_enumeration_come_to_nothing(tmp_path: Path) -> None:
    out = tmp_path / "guard.json"
    words = ("--json", str(out), "--rows", ",".join(ROWS), "--profile", "smoke", "--seed", "20261130")
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.guard", *words, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    code = await asyncio.wait_for(running.wait(), SECONDS_MAX)
    told = json.loads(out.read_text())
    rows = {row["row"]: row for row in told["rows"]}
    assert {name: rows[name]["reason"] for name in ROWS} == dict.fromkeys(ROWS, "")
    assert code == 0 and told["seed"] == 20261130 and told["reason"] is None
    assert all(rows[name]["reached"] and rows[name]["n"] > 0 for name in ROWS)
    assert rows["S6"] == {"row": "S6", "n": 0, "figure": None, "reached": None, "reason": "not asked for"}
    assert len(rows["S4"]["figure"]["ways"]) == 8
    assert rows["S5"]["figure"]["looked_at_most"] <= 5


def test_a_row_that_is_not_reached_or_breaks_is_told_and_changes_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(ground: Ground) -> Found:
        return judged(1, {}, ["a guess was right"])

    async def away(ground: Ground) -> Found:
        raise TimeoutError("nobody answered")

    class Nothing:
        async def __aenter__(self) -> object:
            return object()

        async def __aexit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(guard, "standing", lambda *_: Nothing())
    out = tmp_path / "guard.json"
    for run, code, reached, reason in (
        (broken, 1, False, "a guess was right"), (away, 2, None, "TimeoutError: nobody answered"),
    ):  # fmt: skip
        monkeypatch.setitem(guard.ROWS, "S5", guard.ROWS["S5"]._replace(run=run))
        assert guard.main(["--json", str(out), "--rows", "S5", "--profile", "smoke"]) == code
        (row,) = [row for row in json.loads(out.read_text())["rows"] if row["row"] == "S5"]
        assert (row["reached"], row["reason"]) == (reached, reason)
