"""A page answers what the service asks, to the last number, and quickly enough for a phone."""

import json
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from dispatch.abuse.work import Work, solve

SHARED = Path(__file__).resolve().parents[2] / "gateway" / "web" / "shared" / "work.js"
SOLVE = """
import { solving } from %s;
const answers = JSON.parse(process.argv[1]).map((asked) => {
  const steps = solving(asked, 700);
  const told = [];
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return { answer: step.value, told };
    told.push(step.value);
  }
});
console.log(JSON.stringify(answers));
"""


def test_a_page_finds_the_same_least_numbers_as_the_service() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the PATH")
    work = Work(b"t" * 32)
    asked = [work.ask("k" * 22, bits, 1e9 + n) for bits in (1, 2, 5, 9, 11) for n in range(4)]
    command = [
        node,
        "--input-type=module",
        "-e",
        SOLVE % json.dumps(SHARED.as_uri()),
        msgspec.json.encode(asked).decode(),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for one, found in zip(asked, json.loads(ran.stdout), strict=True):
        assert found["answer"] == solve(one)
        assert work.done("k" * 22, found["answer"], 1e9)
        assert found["told"] == sorted(found["told"]) and set(found["told"]) >= {1, 8, 16}, "how far it is"
