"""The tests can fail: each planted bug of `tests/mutants/` is applied to a copy of the tree, and its tests must go red.

A patch's head names the bug and the tests that must kill it. An error while a test is set up kills nothing: every named
test must have run and failed. Before that, all of them must be green on the copy as it is.
"""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from scripts.stores import Stores

ROOT: Final = Path(__file__).resolve().parent.parent
PATCHES: Final = sorted((ROOT / "tests/mutants").glob("*.patch"))
COPIED: Final = ("geo", "dispatch", "gateway", "scripts", "tests", "pyproject.toml")
LEFT_OUT: Final = shutil.ignore_patterns(
    "__pycache__", ".hypothesis", "web", "pages", "e2e", "adversity", "jepsen_etcd"
)
RUN_S_MAX: Final = 480  # all killers at once, on a machine that others use too
SIDE_BY_SIDE: Final = 2
REQUIRED: Final = frozenset(
    {
        "no_status_check", "clock_before_the_lock", "now_for_clock_timestamp", "skip_locked_in_the_claim",
        "cursor_by_greatest_offset", "no_fence", "publish_before_commit", "resume_without_epoch",
        "no_unique_seat_and_no_status_check", "round_not_checked", "window_closed_on_both_sides", "idempotency_dropped",
        "exact_place_in_the_offer",
    }
)  # fmt: skip

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug. `edits`: file, lines as they are, lines as they become."""

    name: str
    bug: str
    killers: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]


def read(patch: Path) -> Mutant:
    """A patch in unified form; its line numbers do not matter, so that a neighbour's change does not end it."""
    text = patch.read_text()
    head, _, body = text.partition("\n--- ")
    bugs, killers = re.findall(r"^# Bug: (.+)$", head, re.M), re.findall(r"^# Killed by: (.+)$", head, re.M)
    assert len(bugs) == 1 and killers, f"{patch.name} does not say what is wrong and which test says so"
    edits = []
    for file in ("--- " + body).split("\n--- "):
        name = re.search(r"^\+\+\+ b/(.+)$", file, re.M)
        assert name is not None, patch.name
        for hunk in re.split(r"^@@ .*@@.*\n", file, flags=re.M)[1:]:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            after = "".join(line[1:] for line in lines if line[0] in " +")
            edits.append((name[1], before, after))
    return Mutant(patch.stem, bugs[0], tuple(killers), tuple(edits))


MUTANTS: Final = [read(patch) for patch in PATCHES]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the tree and stores to run its tests on."""

    folder: Path
    environ: dict[str, str]

    def run(self, *tests: str) -> tuple[int, str]:
        """Exit code and report of the named tests in the copy."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.mutants.lent", "-p", "no:cacheprovider", "-rfE", *tests],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=RUN_S_MAX, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The copy carries the bug until this is left."""
        whole = {name: (self.folder / name).read_text() for name, _, _ in mutant.edits}
        changed = dict(whole)
        for name, before, after in mutant.edits:
            assert changed[name].count(before) == 1, (
                f"{mutant.name}: {name} has changed; draw the patch anew:\n{before}"
            )
            changed[name] = changed[name].replace(before, after)
        try:
            for name, text in changed.items():
                (self.folder / name).write_text(text)
            yield
        finally:
            for name, text in whole.items():
                (self.folder / name).write_text(text)


@pytest.fixture(scope="module")
async def copies(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Copy]]:
    """As many as run side by side, each with stores of its own."""
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for _ in range(SIDE_BY_SIDE):
            folder, stores_at = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("stores")
            for name in COPIED:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
                else:
                    shutil.copy(ROOT / name, folder / name)
            stores_at.chmod(0o711)
            stores = await stack.enter_async_context(Stores(stores_at))
            lent = {"ONBEAT_LENT_DATABASE": stores.database_url, "ONBEAT_LENT_REDIS": stores.redis_url}
            made.append(Copy(folder, os.environ | lent | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}))
        yield made


@pytest.fixture(scope="module")
async def reports(copies: list[Copy], request: pytest.FixtureRequest) -> dict[str, tuple[int, str]]:
    """Exit code and report of every mutant that is asked for, two at a time."""
    asked = [item.callspec.params["mutant"] for item in request.session.items if hasattr(item, "callspec")
             and isinstance(item.callspec.params.get("mutant"), Mutant)]  # fmt: skip
    waiting, found = list(asked), dict[str, tuple[int, str]]()

    def work(copy: Copy) -> None:
        while waiting:
            mutant = waiting.pop(0)
            try:
                for _ in copy.mutated(mutant):
                    found[mutant.name] = copy.run(*mutant.killers)
                    if "\nERROR " in found[mutant.name][1]:  # a store too busy to answer says nothing of the bug
                        found[mutant.name] = copy.run(*mutant.killers)
            except AssertionError as stale:
                found[mutant.name] = (-1, str(stale))

    await asyncio.gather(*(asyncio.to_thread(work, copy) for copy in copies))
    return found


def test_every_bug_that_must_be_planted_is() -> None:
    assert {m.name for m in MUTANTS} >= REQUIRED


async def test_the_killers_are_green_without_a_bug(copies: list[Copy]) -> None:
    killers = sorted({killer for mutant in MUTANTS for killer in mutant.killers})
    code, report = await asyncio.to_thread(copies[0].run, *killers)
    assert code == 0, report[-4000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_killed_by_each_test_that_it_names(
    reports: dict[str, tuple[int, str]], mutant: Mutant
) -> None:
    code, report = reports[mutant.name]
    alive = [killer for killer in mutant.killers if f"FAILED {killer}" not in report]
    assert code == 1 and not alive, f"{mutant.bug} It survives {alive}:\n{report[-3000:]}"
