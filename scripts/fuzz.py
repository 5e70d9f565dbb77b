"""Schemathesis over the whole OpenAPI document with each role's credentials, on a live service.

Looks for server errors, answers that the document does not know, and invalid data that is accepted. Without --url a
demonstration of its own is started on empty stores, a fresh one for each block: what is drawn suspends people and moves
borders. A long run goes in blocks of a hundred examples of every operation, each with a seed of its own; finished ones
are kept beside OUT (`OUT.blocks`), --resume goes on after them, and --minutes ends a run early between two of them.

Exit codes: 0 nothing found, 1 something was, 2 it could not be run, or not to its end. The report is written in every
case.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from scripts import answer
from scripts.children import ChildError
from scripts.fuzzing.blocks import Block, Kept, Told, added, blocks_of, run_block, shallow
from scripts.fuzzing.callers import ROLES, words_of
from scripts.guarding.service import asked
from scripts.stores import ROOT, StoresError

EXPECTED: Final = (StoresError, ChildError, OSError, TimeoutError, ValueError, KeyError, httpx.HTTPError)
TRIES: Final = 2
"""Of a block: stores that do not come up on a busy machine are no finding."""


def commit() -> str:
    """What was asked; empty where there is no repository."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return told.stdout.strip()


class Run:
    """One call: its blocks, and what they have come to so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.blocks = blocks_of(chosen.roles, chosen.examples, chosen.seed)
        self.kept = Kept(chosen.json.with_name(chosen.json.name + ".blocks"))
        self.done: dict[Block, Told] = {}
        if chosen.resume:
            self.done = {block: told for block in self.blocks if (told := self.kept.of(block)) is not None}

    async def run(self) -> None:
        """Every block that is not finished, while there is time. Raises: EXPECTED."""
        began = time.monotonic()
        for block in self.blocks:
            if block in self.done:
                continue
            if self.chosen.minutes and time.monotonic() - began > self.chosen.minutes * 60:
                return
            self.done[block] = told = await self._ask(block)
            self.kept.put(block, told)
            said = f"{told['cases']} cases, {len(told['failing'])} findings, {told['seconds']} s"
            print(f"{block.name}: {said}{'; ' + told['errors'][0][:200] if told['errors'] else ''}", flush=True)

    async def _ask(self, block: Block) -> Told:
        for left in reversed(range(TRIES)):
            try:
                with tempfile.TemporaryDirectory(prefix="onbeat-fuzz-") as name:
                    async with asked(self.chosen.url, self.chosen.credentials, Path(name)) as service:
                        words = await words_of(service, block.role)
                        return await run_block(service, block, words, commit(), Path(name))
            except EXPECTED:
                if not left or self.chosen.url:
                    raise
        raise AssertionError

    def told(self) -> dict[str, Any]:
        """What is known so far."""
        roles: dict[str, Told] = {}
        for role in self.chosen.roles:
            finished = [told for block, told in self.done.items() if block.role == role]
            if finished:
                roles[role] = added(finished)
                roles[role]["shallow"] = shallow(roles[role]["answers"], role != "none")
        told: dict[str, Any] = {"examples": self.chosen.examples, "seed": self.chosen.seed, "roles": roles}
        told |= {"commits": sorted({one["commit"] for one in self.done.values()})}
        told |= {"blocks": len(self.blocks), "finished": len(self.done), "cases": None, "failures": None}
        if self.done:
            told["cases"] = sum(one["cases"] for one in roles.values())
            told["failures"] = sum(one["failures"] for one in roles.values())
        told["by_check"] = dict(Counter(f["type"] for one in roles.values() for f in one["failing"]))
        return told | {"error": None if self.whole else f"{len(self.done)} of {len(self.blocks)} blocks were run"}

    @property
    def whole(self) -> bool:
        return len(self.done) == len(self.blocks)

    @property
    def code(self) -> int:
        if any(told["failing"] for told in self.done.values()):
            return 1
        return 0 if self.whole and not any(told["errors"] for told in self.done.values()) else 2


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=1_000, metavar="N", help="drawn for an operation, each role")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--roles", type=lambda text: text.split(","), default=list(ROLES), metavar="ROLE,ROLE")
    parser.add_argument("--resume", action="store_true", help="go on after the finished blocks of an earlier run")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no new block after so long; --resume goes on")
    parser.add_argument("--url", help="a running demonstration; without it one is started")
    parser.add_argument("--credentials", type=Path, default=Path(".local/credentials.json"), metavar="FILE")
    chosen = parser.parse_args(argv)
    if strange := set(chosen.roles) - set(ROLES):
        parser.error(f"no such role: {', '.join(sorted(strange))}; there are {', '.join(ROLES)}")
    if chosen.examples < 1:
        parser.error("--examples is at least 1")
    run = Run(chosen)
    answer.tells(run.told)
    why = None
    try:
        asyncio.run(run.run())
    except EXPECTED as error:
        why = f"{type(error).__name__}: {error}"
        print(f"scripts/fuzz: {why}", file=sys.stderr)
    told = run.told()
    answer.write(chosen.json, told | {"error": why or told["error"]})
    return 2 if why else run.code


if __name__ == "__main__":
    sys.exit(main())
