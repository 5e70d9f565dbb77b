"""Planted bugs, and copies of the tree to plant them in.

A copy has stores of its own, which nothing but its runs uses, and a fork server (`forkserver.py`) that runs tests
in it. Its modules are compiled once, with the hash of their source in each: Python compares it whenever it imports
one, so that a changed file is compiled anew, whatever its time and length say.
"""

import asyncio
import compileall
import contextlib
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import pytest

import scripts.postgres
from dispatch.adapters.postgres.migrate import migrate
from scripts.stores import Stores
from tests import thrown_away

ROOT: Final = Path(__file__).resolve().parents[2]
PATCHES: Final = sorted((ROOT / "tests/mutants").glob("*.patch"))
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts", "tests")
LEFT_OUT: Final = shutil.ignore_patterns(
    "__pycache__", ".hypothesis", "web", "pages", "e2e", "adversity", "jepsen_etcd"
)
RUN_S_MAX: Final = 480  # half of all killers at once, on a machine that others use too
MIGRATED: Final = "onbeat_migrated"
SCHEMA: Final = "dispatch/adapters/postgres/"
FUNCTIONS: Final = SCHEMA + "judge/"
UNSAFE: Final = {"fsync": "off", "full_page_writes": "off"}
"""Only for stores that nobody kills and that end with the run: what a power cut would take is thrown away anyway."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug. `edits`: file, lines as they are, lines as they become."""

    name: str
    bug: str
    killers: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]

    @property
    def migrates(self) -> bool:
        """Whether it is in how tables come about, so that a database which was migrated without it will not do.

        The judge's functions are no part of that: each migration replaces those that differ (`judging.py`).
        """
        return any(name.startswith(SCHEMA) and not name.startswith(FUNCTIONS) for name, _, _ in self.edits)


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


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the tree, and the fork server that runs its tests."""

    folder: Path
    server: "subprocess.Popen[str]"

    def run(self, *tests: str, migrated: bool = True) -> tuple[int, str]:
        """Exit code and report of the named tests in the copy; `migrated`: on databases that are migrated already."""
        environ = {"ONBEAT_LENT_MIGRATED": MIGRATED if migrated else ""}
        return self._ask({"words": [*OPTIONS, *tests], "environ": environ, "s_max": RUN_S_MAX})

    def hold(self, *tests: str) -> None:
        """What these import from outside is imported once for all runs."""
        self._ask({"hold": [*OPTIONS, *tests]})

    def _ask(self, asked: dict[str, object]) -> tuple[int, str]:
        report = self.folder / "report.txt"
        assert self.server.stdin is not None and self.server.stdout is not None
        print(json.dumps(asked | {"report": str(report)}), file=self.server.stdin, flush=True)
        answer = self.server.stdout.readline()
        if not answer:
            raise RuntimeError(f"the fork server of {self.folder} has ended; what it said stands above")
        return int(answer), report.read_text(errors="replace")

    @contextlib.contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The copy carries the bug until this is left. Raises: AssertionError for a patch that no longer fits."""
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


OPTIONS: Final = ("-p", "tests.mutants.lent", "-p", "no:cacheprovider", "-rfE", "--assert=plain")
"""Plain: assertions that are rewritten say more of a failure, and would be rewritten anew in each run."""


@contextlib.asynccontextmanager
async def copies(number: int, folder: Path, killers: Sequence[str]) -> AsyncIterator[list[Copy]]:
    """So many copies under the folder, each with stores and a fork server of its own that holds what `killers` need."""
    first = folder / "copy0"
    _copy_tree(first)
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for place in range(number):
            copy = folder / f"copy{place}"
            if copy != first:
                shutil.copytree(first, copy)
            lent = await stack.enter_async_context(_stores())
            made.append(Copy(copy, stack.enter_context(_fork_server(copy, lent))))
        await asyncio.gather(*(asyncio.to_thread(copy.hold, *killers) for copy in made))
        yield made


def _copy_tree(folder: Path) -> None:
    for name in ROOMS:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", folder)
    compiled = compileall.compile_dir(
        folder, quiet=1, maxlevels=20, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
    )
    assert compiled, "a module of the tree cannot be compiled"


@contextlib.asynccontextmanager
async def _stores() -> AsyncIterator[Stores]:
    """Stores with a database that is migrated already, for runs to copy; gone after."""
    folder = thrown_away.folder("onbeat-planted-")
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(scripts.postgres, "SETTINGS", {**scripts.postgres.SETTINGS, **UNSAFE})
        stores = Stores(folder)
        await stores.start()
    try:
        owner = await asyncpg.connect(stores.database_url)
        await owner.execute(f"CREATE DATABASE {MIGRATED}")
        await owner.close()
        await migrate(stores.database_url.rpartition("/")[0] + "/" + MIGRATED)
        yield stores
    finally:
        await stores.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _fork_server(copy: Path, lent: Stores) -> "Iterator[subprocess.Popen[str]]":
    environ = os.environ | {
        "ONBEAT_LENT_DATABASE": lent.database_url,
        "ONBEAT_LENT_REDIS": lent.redis_url,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",  # a process with threads cannot be forked
    }
    server = subprocess.Popen(
        [sys.executable, "-P", str(copy / "tests/mutants/forkserver.py"), *ROOMS],
        cwd=copy, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield server
    finally:
        server.kill()  # nothing runs any more, and if something does it goes with it
        server.communicate()
