"""Simulate a town on real incidents over the public protocol, and judge what people were told.

Without --url a service of its own is started on empty stores: two web processes, two sweepers, one relay.

Exit codes: 0 every promise held; 1 one broke (a double claim, a lost case, an early or a late fallback); 2 the run
could not be made as asked. The report is written in every case, then with "error" where there was one.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.children import ChildError
from scripts.simulator.doors import Turned
from scripts.simulator.http import Unanswered
from scripts.simulator.run import Options, Run, RunError, write_report
from scripts.simulator.show import table
from scripts.stores import StoresError

EXPECTED = (RunError, StoresError, ChildError, Turned, Unanswered, OSError, ValueError)


def read_options(argv: list[str] | None = None) -> tuple[Options, Path]:
    """The options and where the report goes; exits with a sentence when they make no sense."""
    parser = argparse.ArgumentParser(
        prog="scripts/simulate",
        description="A town at work: officers walk their beats and race for cases, citizens report real incidents "
        "and follow them, desks read their queues. Ends when every case is cleared or at the desk, reads every "
        "receipt and judges. Exit code 0: all promises held; 1: one broke; 2: the run could not be made.",
    )
    parser.add_argument("--incidents", type=Path, required=True, metavar="FILE",
                        help="CSV with occurred_at, offense, beat, lon, lat")  # fmt: skip
    parser.add_argument("--count", type=int, required=True, metavar="N", help="incidents to replay")
    parser.add_argument("--officers", type=int, required=True, metavar="M", help="officers on duty")
    parser.add_argument("--minutes", type=float, required=True, metavar="T", help="over which they arrive")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="decides everything but the service")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    parser.add_argument("--areas", type=Path, metavar="FILE",
                        help="GeoJSON of stations and beats; else made from the incidents")  # fmt: skip
    parser.add_argument("--url", help="a running service, http://host:port, instead of one of our own")
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="its sign-ins, as release wrote them")
    chosen = parser.parse_args(argv)
    if (chosen.url is None) != (chosen.credentials is None):
        parser.error("--url and --credentials belong together")
    if chosen.count < 1 or chosen.officers < 1 or not 0 < chosen.minutes < 24 * 60:
        parser.error("--count and --officers are at least 1, --minutes lies between 0 and 1440")
    options = Options(
        incidents=chosen.incidents, count=chosen.count, officers=chosen.officers, minutes=chosen.minutes,
        seed=chosen.seed, areas=chosen.areas, url=chosen.url, credentials=chosen.credentials,
    )  # fmt: skip
    return options, chosen.json


async def perform(options: Options) -> tuple[dict[str, Any], int]:
    """The report and the exit code of one run, whatever happens to it."""
    run = Run(options)
    going = asyncio.ensure_future(run.go())
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, going.cancel)
    error: str | None = None
    try:
        await going
    except asyncio.CancelledError:
        error = f"it was stopped while {run.phase}"
    except BaseException as failure:
        error = explain(failure, run.phase)
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
    return run.finished(error)


def explain(failure: BaseException, phase: str) -> str:
    """A sentence about why the run failed: of a group, its first failure."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    if isinstance(failure, EXPECTED):
        return str(failure)
    logging.getLogger(__name__).error("while %s", phase, exc_info=failure)
    return f"{type(failure).__name__} while {phase}: {failure}"


def _loop() -> asyncio.AbstractEventLoop:
    """The quick one where there is one: the simulation shares its machine with what it measures."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    options, out = read_options()
    with asyncio.Runner(loop_factory=_loop) as runner:
        found, code = runner.run(perform(options))
    write_report(out, found)
    Console().print(table("Simulation", {k: v for k, v in found.items() if k != "broken" and v not in ({}, None)}))
    for broken in found["broken"]:
        print(f"BROKEN: {broken}", file=sys.stderr)
    if "error" in found:
        print(f"scripts/simulate: {found['error']}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
