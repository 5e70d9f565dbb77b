"""The growth curves: what a case, a position, a socket and a row of history cost as there are more of them.

Real stores and real processes of every role, started here and gone without a trace after. The result is written after
every curve; a later run with other `--curves` and the same file adds to it.

Exit codes: 0 all was correct (and, in a full run, quick enough); 1 something was not; 2 a curve could not be drawn.
"""

import argparse
import asyncio
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import numpy
import redis
from rich.console import Console
from rich.table import Table

from scripts import answer
from scripts.growth import history, near, officers, open_cases, pauses, sockets, webs
from scripts.growth.figures import Curve
from scripts.growth.ground import Ground
from scripts.growth.picture import draw_svg

Draw = Callable[[Ground, bool], Awaitable[Curve]]

CURVES: Final[dict[str, Draw]] = {
    "officers": officers.draw,
    "near": near.draw,
    "sockets": sockets.draw,
    "open_cases": open_cases.draw,
    "history": history.draw,
    "webs": webs.draw,
    "pauses": pauses.draw,
}


def read_options(argv: list[str] | None = None) -> argparse.Namespace:
    """Exits with a sentence when the words make no sense."""
    parser = answer.Words(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="OUT", help="where the result goes, and what is there already")
    parser.add_argument("--curves", default=",".join(CURVES), metavar="A,B", help=f"of {', '.join(CURVES)}; all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, no limits of time: is it all correct?")
    parser.add_argument("--svg", type=Path, metavar="OUT", help="draw the curves of the result")
    parser.add_argument("--folder", type=Path, help="where the stores keep their files; a temporary one, removed after")
    options = parser.parse_args(argv)
    options.curves = [name for name in options.curves.split(",") if name]
    strange = [name for name in options.curves if name not in CURVES]
    if strange:
        parser.error(f"no such curve: {', '.join(strange)}; there are {', '.join(CURVES)}")
    return options


def cpu_name() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


async def about(ground: Ground) -> dict[str, Any]:
    """What a figure means nothing without: versions and machine."""
    connection = await asyncpg.connect(ground.stores.database_url)
    try:
        postgres = str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()
    async with redis.asyncio.Redis.from_url(ground.stores.redis_url, decode_responses=True) as client:
        info = await client.info("server")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "postgres": postgres,
        "redis": str(info["redis_version"]),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
    }


async def perform(
    names: list[str], quick: bool, folder: Path, found: dict[str, Any], keep: Callable[[], None]
) -> dict[str, Any]:
    """Draws the curves one after another into `found`; what fails is told there and the next one is drawn."""
    async with Ground(folder) as ground:
        for name in names:
            began = time.monotonic()
            told: dict[str, Any] = {"quick": quick}
            try:
                told |= await about(ground)
                curve = await CURVES[name](ground, quick)
                told |= asdict(curve)
            except Exception as error:
                failure = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
                logging.getLogger(__name__).error("curve %s", name, exc_info=failure)
                told["error"] = f"{type(failure).__name__}: {failure}"
            told["seconds"] = round(time.monotonic() - began, 1)
            found["curves"][name] = told
            keep()
    return found


def code_of(found: dict[str, Any], names: list[str], quick: bool) -> int:
    drawn = [found["curves"][name] for name in names]
    if any("error" in one for one in drawn):
        return 2
    return int(any(one["broken"] or (one["missed"] and not quick) for one in drawn))


def read_found(path: Path | None) -> dict[str, Any]:
    """What earlier runs wrote, or an empty result."""
    if path is not None and path.exists():
        try:
            earlier = msgspec.json.decode(path.read_bytes())
        except msgspec.DecodeError:  # what is no JSON is nobody's result
            return {"curves": {}}
        if isinstance(earlier, dict) and isinstance(earlier.get("curves"), dict):
            return {"curves": earlier["curves"]}
    return {"curves": {}}


def show(name: str, told: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    if "error" in told:
        console.print(f"{name}: {told['error']}", style="bold", markup=False)
        return
    table = Table(title=f"{name}: {told['says']} ({told['seconds']} s)", show_header=False)
    for head in dict.fromkeys(head for point in told["points"] for head in point):
        table.add_row(head.replace("_", " "), *(str(point.get(head, "")) for point in told["points"]))
    console.print(table)
    for word in ("broken",) if told["quick"] else ("broken", "missed"):
        for sentence in told[word]:
            console.print(f"{word.upper()}: {sentence}", markup=False)


def main(argv: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    options = read_options(argv)
    found = read_found(options.json)

    def keep() -> None:
        if options.json is not None:
            answer.write(options.json, msgspec.to_builtins(found))

    def so_far() -> dict[str, Any]:
        undrawn = {name: {"error": "it was not drawn: the run was broken off"} for name in options.curves}
        return {"curves": undrawn | found["curves"]}

    answer.tells(so_far)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="onbeat-bench-"))
    keep()
    try:
        asyncio.run(perform(options.curves, options.quick, folder, found, keep))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    for name in options.curves:
        show(name, found["curves"][name])
    if options.svg is not None:
        options.svg.write_text(draw_svg(found["curves"]))
    return code_of(found, options.curves, options.quick)


if __name__ == "__main__":
    sys.exit(main())
