"""A block: one role, one part of the examples, over the whole document. Blocks that are finished are kept."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts import answer
from scripts.fuzzing.callers import Words
from scripts.guarding.service import Asked
from scripts.stores import ROOT

CHECKS: Final = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method",
)  # fmt: skip
"""Not asked: positive_data_acceptance, since valid data may be refused by the state of a case; ignored_auth, which the
authorisation matrix answers cell by cell."""
PART: Final = 100
"""Examples of an operation in one block: some minutes, so that little is lost when a run is stopped."""
BLOCK_S: Final = 3_600
SAID_MAX: Final = 20_000
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """`number` counts from 0; the first also asks the document's own examples and every bound of every field."""

    role: str
    number: int
    examples: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.role}-{self.number}"


def blocks_of(roles: Sequence[str], examples: int, seed: int) -> list[Block]:
    """All blocks of a run, the first of every role first. Each part is drawn from a seed of its own."""
    parts = [min(PART, examples - at) for at in range(0, examples, PART)]
    return [Block(role, number, size, seed + number) for number, size in enumerate(parts) for role in roles]


@dataclass(frozen=True, slots=True)
class Kept:
    """Finished blocks, a file each under `folder`. A block of another size, seed or document of the run is not ours."""

    folder: Path

    def of(self, block: Block) -> Told | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told: Told = json.loads((self.folder / f"{block.name}.json").read_text())
            if (told["examples"], told["seed"]) == (block.examples, block.seed) and not told["errors"]:
                return told
        return None

    def put(self, block: Block, told: Told) -> None:
        answer.write(self.folder / f"{block.name}.json", told)


def command(service: Asked, block: Block, report: Path) -> list[str]:
    """Schemathesis' own command line: examples of the document, every bound of every field, and drawn ones."""
    phases = "examples,coverage,fuzzing" if block.number == 0 else "fuzzing"
    return [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{service.url}/openapi.json",
        "--checks", ",".join(CHECKS), "--phases", phases, "--max-examples", str(block.examples),
        "--seed", str(block.seed), "--continue-on-failure", "--no-color", "--request-timeout", "20", "--workers", "1",
        "--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off",
        "--report", "json", "--report-json-path", str(report), "-H", f"Origin: {service.url}",
    ]  # fmt: skip


async def run_block(service: Asked, block: Block, words: Words, commit: str, folder: Path) -> Told:
    """Asks; what was found. It is over when Schemathesis is."""
    report, counted = folder / f"{block.name}.json", folder / f"{block.name}.counted.json"
    env = os.environ | {
        "SCHEMATHESIS_HOOKS": "scripts.fuzzing.hooks", "FUZZ_OUT": str(counted), "FUZZ_URL": service.url,
        "FUZZ_WAY": words.way, "FUZZ_WORDS": json.dumps(words.bodies), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    began = time.monotonic()
    ran = await asyncio.create_subprocess_exec(
        *command(service, block, report), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=env, process_group=0
    )
    try:
        said = (await asyncio.wait_for(ran.communicate(), BLOCK_S))[0].decode(errors="replace")
    finally:  # also where we are stopped: it must not go on asking a service that is gone
        if ran.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(ran.pid, signal.SIGKILL)
            await ran.wait()
    told: Told = {"role": block.role, "examples": block.examples, "seed": block.seed, "commit": commit}
    told |= _read(report, counted) if report.exists() and counted.exists() else _unread(said)
    told["said"] = said[:SAID_MAX] if told["failing"] or told["errors"] else ""
    told["seconds"] = round(time.monotonic() - began, 1)
    return told


def _unread(said: str) -> Told:
    return {"cases": 0, "operations": 0, "failing": [], "answers": {}, "errors": [said[-2_000:]]}


def _read(report: Path, counted: Path) -> Told:
    """What Schemathesis says of the run, and what was counted beside it."""
    told, beside = json.loads(report.read_text()), json.loads(counted.read_text())
    errors = [json.dumps(one)[:500] for one in told["errors"]]
    if not told["complete"]:
        errors.append(f"stopped before its end: {told['stop_reason']}")
    if beside["lost"]:
        errors.append(f"who asked was not let in any more: {beside['lost']}")
    return {
        "cases": told["test_cases"]["generated"],
        "operations": told["operations"]["tested"],
        "failing": [{k: one[k] for k in ("type", "title", "count", "operations")} for one in told["failures"]],
        "errors": errors,
        "answers": beside["answers"],
        "sessions": beside["sessions"],
    }


def added(finished: Iterable[Told]) -> Told:
    """One role's blocks as one."""
    found: Told = {"operations": 0, "cases": 0, "seconds": 0.0, "failures": 0, "failing": [], "errors": [], "said": ""}
    answers: dict[str, Counter[str]] = {}
    for told in finished:
        found["operations"] = max(found["operations"], told["operations"])
        found["cases"] += told["cases"]
        found["seconds"] = round(found["seconds"] + told["seconds"], 1)
        found["failing"] += told["failing"]
        found["errors"] += told["errors"]
        found["said"] = (found["said"] + told["said"])[:SAID_MAX]
        for operation, counts in told["answers"].items():
            answers.setdefault(operation, Counter()).update(counts)
    found["failures"] = len(found["failing"])
    return found | {"answers": {name: dict(counts) for name, counts in sorted(answers.items())}}


def shallow(answers: Mapping[str, Mapping[str, int]], signed: bool) -> list[str]:
    """Operations that were asked rather than tested: nine in ten answers were that there is no session, though somebody
    was signed in, or that it was too much."""
    found = []
    for name, counts in answers.items():
        barred = sum(n for told, n in counts.items() if told[:3] in ("429", "503") or (signed and told[:3] == "401"))
        if barred > 0.9 * sum(counts.values()):
            found.append(name)
    return found
