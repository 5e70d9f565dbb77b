"""Hurt a whole service on purpose, and judge by the table of promises whether anybody noticed.

    scripts/chaos --profile short --seed 1 --json out.json [--rows A1,B2]
    scripts/chaos --profile gate --seed 1 --json out.json --resume
    scripts/chaos --merge a.json.blocks b.json.blocks --json out.json

A fleet of three web processes, three sweepers and two relays with both stores as children, driven over the public
protocol, with the faults of each row; then healed and read back. OUT is one JSON array with every row,
`{row, n, seed, figure, reached, reason}`, written whole after every block; `reached` is null where a row was not run
or is not built. `driver_deaf_s` in a figure is the longest pause of this process itself, which its times contain.
Finished blocks are kept beside OUT (`OUT.blocks`), and --resume goes on after them. Runs with an OUT of their own may
go side by side; --merge puts the blocks of several runs of one seed and profile together.

Exit codes: 0 every row that ran is reached; 1 one is not; 2 nothing could be run.
"""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvloop

from scripts import answer
from scripts.chaos_rows.attentive import attentive
from scripts.chaos_rows.ground import Ground, open_ground
from scripts.chaos_rows.table import ELSEWHERE, NOT_BUILT, ROWS
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, merged

BLOCK_S_MAX = 1_200.0
"""A block that takes longer hangs: its rows are not reached."""
GROUND_S_MAX = 300.0
"""A gate run makes a fresh fleet after so long: what the old one kept must not help or hinder later blocks."""


@dataclass(frozen=True, slots=True)
class Options:
    """As on the command line; `rows` empty: all."""

    profile: Profile
    seed: int
    out: Path
    rows: frozenset[str] = frozenset()
    resume: bool = False
    merge: tuple[Path, ...] = ()


@dataclass(slots=True)
class Blocks:
    """Finished blocks by rows and number, in a file of their own."""

    path: Path
    seed: int
    profile: Profile
    done: dict[str, dict[str, dict[str, Tally]]] = field(default_factory=dict)

    def load(self) -> None:
        """Takes over what an earlier run of the same seed, profile and sizes finished."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            held = json.loads(self.path.read_text())
            if (held["seed"], held["profile"]) == (self.seed, self.profile):
                self.take(held)

    def take(self, held: dict[str, Any]) -> None:
        """The blocks of a file, but for rows that were cut into another number of blocks. Raises: KeyError."""
        for row in ROWS:
            if held["of"].get(_of(row)) == row.blocks[self.profile]:
                self.done.setdefault(_of(row), {}).update(held["done"].get(_of(row), {}))

    def save(self) -> None:
        sizes = {_of(row): row.blocks[self.profile] for row in ROWS}
        answer.write(self.path, {"seed": self.seed, "profile": self.profile, "of": sizes, "done": self.done})

    def put(self, row: Row, number: int, tallies: dict[str, Tally]) -> None:
        self.done.setdefault(_of(row), {})[str(number)] = tallies
        self.save()

    def has(self, row: Row, number: int) -> bool:
        return str(number) in self.done.get(_of(row), {})

    def sum(self, row: Row, name: str) -> Tally | None:
        """All finished blocks of a row added up, or None."""
        found: Tally | None = None
        for _, tallies in sorted(self.done.get(_of(row), {}).items(), key=lambda item: int(item[0])):
            found = dict(tallies[name]) if found is None else merged(found, tallies[name])
        return found


class Chaos:
    """One run."""

    def __init__(self, options: Options, say: Callable[[str], None] = print) -> None:
        self.options, self._say = options, say
        self.blocks = Blocks(options.out.with_name(options.out.name + ".blocks"), options.seed, options.profile)
        self.failed: dict[str, str] = {}
        self.stopped = ""
        self.histories = options.out.with_name(options.out.name + ".histories")
        if options.resume:
            self.blocks.load()
        for path in options.merge:  # a block that stands in several files counts once
            self.blocks.take(json.loads(path.read_text()))
        self.blocks.save()
        self._number = 0

    async def run(self) -> None:
        """Every wanted block that is not finished; OUT is whole at any time."""
        self.write()
        folder = Path(tempfile.mkdtemp(prefix="onbeat-chaos-"))
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 # nosec B103 - the database is another user
        try:
            todo = [(row, n) for row in self._wanted() for n in range(row.blocks[self.options.profile])]
            todo = [(row, n) for row, n in todo if not self.blocks.has(row, n)]
            while todo:
                todo = await self._on_one_ground(todo, folder)
        finally:
            self.write()
            shutil.rmtree(folder, ignore_errors=True)

    async def _on_one_ground(self, todo: list[tuple[Row, int]], under: Path) -> list[tuple[Row, int]]:
        """As many blocks on one fleet as ask for its shape and go well, in a gate run for a while; what is left."""
        self._number += 1
        folder = under / f"fleet-{self._number}"
        folder.mkdir(mode=0o711)
        shape = todo[0][0].shape
        try:
            async with open_ground(folder, self.options.seed, self.histories, shape=shape) as ground:
                began = time.monotonic()
                ran = False
                while todo and todo[0][0].shape == shape and not (ran and todo[0][0].fresh and todo[0][1] == 0):
                    ran = True
                    (row, number), *todo = todo
                    block_began = time.monotonic()
                    well = await self._block(ground, row, number)
                    used_up = self.options.profile is Profile.GATE and time.monotonic() - began > GROUND_S_MAX
                    if not well or used_up or not todo:
                        break
                    if todo[0][0] is row:
                        await asyncio.sleep(block_began + row.apart_s - time.monotonic())
        finally:
            if self.failed:
                shutil.copytree(folder / "log", self.histories / f"log-{self._number}", dirs_exist_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        return todo

    async def _block(self, ground: Ground, row: Row, number: int) -> bool:
        began = time.monotonic()
        try:
            async with attentive() as deaf_s, asyncio.timeout(BLOCK_S_MAX):
                ran = await row.run(ground, self.options.profile, number)
                await ground.heal()
                deaf = {"worst_deaf_s": deaf_s()}
        except Exception as error:  # a row that cannot be finished is not reached; the others go on
            logging.getLogger(__name__).exception("block %s of %s", number, _of(row))
            why = f"block {number} could not be finished: {_first(error)!r}"
            self.failed.update(dict.fromkeys(row.names, why))
            self.write()
            return False
        self.blocks.put(row, number, {name: dict(tally) | deaf for name, tally in ran.items()})
        self.write()
        for name in row.names:
            found = self.found(row, name)
            if found is not None:
                mark = "reached" if found.reached else f"NOT reached: {found.reason}"
                took_s = time.monotonic() - began
                self._say(f"{name} block {number} ({took_s:.0f} s): n {found.n} {json.dumps(found.figure)} {mark}")
        for note in ground.notes:
            self._say(f"  note: {note}")
        ground.notes.clear()
        return True

    def _wanted(self) -> list[Row]:
        wanted = [row for row in ROWS if not self.options.rows or self.options.rows & set(row.names)]
        return [row for row in wanted if not row.lacks()]

    def found(self, row: Row, name: str) -> Found | None:
        """What a row has come to so far, and beside it how long this process itself was deaf at most."""
        tally = self.blocks.sum(row, name)
        if tally is None:
            return None
        found, deaf_s = row.judge[name](tally), tally.get("worst_deaf_s")
        return found if deaf_s is None else replace(found, figure={**found.figure, "driver_deaf_s": deaf_s})

    def answers(self) -> list[dict[str, Any]]:
        """Every row of the table."""
        return [self._answer(name) for name in answer.ROWS]

    def _answer(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = {
            "row": name, "n": 0, "seed": self.options.seed, "figure": None, "reached": None,
            "reason": ELSEWHERE.get(name, NOT_BUILT),
        }  # fmt: skip
        row = next((row for row in ROWS if name in row.names), None)
        if row is None:
            return told
        wanted = not self.options.rows or name in self.options.rows
        told["reason"] = row.lacks() or (f"not run: {self.stopped}" if wanted and self.stopped else "not run")
        found, blocks = self.found(row, name), row.blocks[self.options.profile]
        finished = len(self.blocks.done.get(_of(row), {}))
        left_out = row.leaves_out.get(name, "")
        if found is not None:
            reasons = [found.reason, left_out]
            whole = finished >= blocks
            if not whole:
                reasons.append(f"{finished} of {blocks} blocks were run")
            told |= {"n": found.n, "figure": dict(found.figure), "reason": "; ".join(r for r in reasons if r)}
            told["reached"] = found.reached if whole or not found.reached else None
        if name in self.failed:
            told |= {"reached": False, "reason": "; ".join(r for r in (self.failed[name], left_out) if r)}
        return told

    def write(self) -> None:
        answer.write(self.options.out, self.answers())

    @property
    def code(self) -> int:
        ran = [told["reached"] for told in self.answers() if told["reached"] is not None]
        return 1 if False in ran else 0 if ran else 2


def _of(row: Row) -> str:
    return "+".join(row.names)


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def read_options(argv: Sequence[str] | None = None) -> Options:
    """Exits with a sentence where the words make no sense."""
    parser = answer.Words(prog="scripts/chaos", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--profile", type=Profile, choices=list(Profile))
    parser.add_argument("--rows", default="", metavar="A1,B2", help="only these; else every row that is built")
    parser.add_argument("--resume", action="store_true", help="go on after the finished blocks of an earlier run")
    parser.add_argument("--seed", type=int, help="decides every fault and every person's choice")
    parser.add_argument("--merge", type=Path, nargs="+", default=(), metavar="BLOCKS", help="run nothing, add these up")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the array of rows goes")
    chosen = parser.parse_args(argv)
    rows = frozenset(one.strip().upper() for one in chosen.rows.split(",") if one.strip())
    if unknown := rows - set(answer.ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if chosen.merge:
        if chosen.profile or chosen.seed is not None or rows or chosen.resume:
            parser.error("--merge goes with --json alone: seed and profile are those of the files")
        try:
            profile, seed = _same_run(chosen.merge)
        except (OSError, ValueError, KeyError) as error:
            parser.error(f"cannot merge: {error}")
        return Options(profile, seed, chosen.json, merge=tuple(chosen.merge))
    if chosen.profile is None or chosen.seed is None:
        parser.error("--profile and --seed are required")
    return Options(chosen.profile, chosen.seed, chosen.json, rows, chosen.resume)


def _same_run(paths: Sequence[Path]) -> tuple[Profile, int]:
    """Whose blocks these are. Raises: OSError, ValueError (not one run's), KeyError (not blocks)."""
    runs = {(held["profile"], held["seed"]) for held in (json.loads(path.read_text()) for path in paths)}
    if len(runs) != 1:
        raise ValueError(f"they are of several runs: {sorted(runs)}")
    [(profile, seed)] = runs
    return Profile(profile), int(seed)


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    began = time.monotonic()
    chaos = Chaos(options)
    if options.merge:
        chaos.write()
        return chaos.code
    try:
        uvloop.run(chaos.run())
    except KeyboardInterrupt:
        print("stopped; --resume goes on", file=sys.stderr)
        chaos.stopped = "the run was stopped; --resume goes on"
        chaos.write()
        return 130
    except Exception as error:  # the fleet did not stand: OUT says what was not run
        chaos.stopped = str(_first(error)) or type(_first(error)).__name__
        print(f"scripts/chaos: {chaos.stopped}", file=sys.stderr)
        chaos.write()
        return chaos.code or 2
    print(f"seed {options.seed}, {time.monotonic() - began:.0f} s, written to {options.out}")
    return chaos.code


if __name__ == "__main__":
    sys.exit(main())
