"""A smoke of the chaos runs: a few quick rows, from the command line to the array of rows, on a fleet of their own."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from scripts.answer import ROWS as ALL
from scripts.stores import ROOT

SEED = 20_103
ROWS = ("A1", "A11", "A12")
SECONDS_MAX = 150.0
MACHINE = "claim p99"
"""The one figure that tells more of the machine than of the code: it belongs to the runs, not to every commit."""

pytestmark = pytest.mark.slow


async def test_a_short_run_of_a_few_rows_breaks_nothing_and_writes_every_row(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    out = tmp_path / "out.json"
    words = ("--profile", "short", "--rows", ",".join(ROWS), "--seed", str(SEED), "--json", str(out))
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "scripts.chaos", *words, cwd=ROOT)
    code = await asyncio.wait_for(running.wait(), SECONDS_MAX)
    answers = {answer["row"]: answer for answer in json.loads(out.read_text())}
    assert tuple(answers) == ALL
    for name, answer in answers.items():
        if name not in ROWS:
            assert answer["reached"] is None and answer["reason"]
            continue
        assert answer["n"] > 0 and answer["seed"] == SEED
        assert answer["reached"] or answer["reason"].startswith(MACHINE), answer
        assert answer["figure"]["failures"] == 0, answer
    reached = all(answers[name]["reached"] for name in ROWS)
    assert code == (0 if reached else 1)
