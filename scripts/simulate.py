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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from dispatch.cases.policy import Policy, PolicyError, read_policy
from scripts import answer
from scripts.children import ChildError
from scripts.simulator.compare import compare, markdown
from scripts.simulator.doors import Turned
from scripts.simulator.http import Unanswered
from scripts.simulator.run import Options, Run, RunError
from scripts.simulator.show import table
from scripts.stores import StoresError

EXPECTED = (RunError, StoresError, ChildError, Turned, Unanswered, OSError, ValueError)
KNOWN_BEFORE: Final = ("seed", "officers", "minutes", "error")
SEEDS: Final = 5  # enough to see how far seeds differ among themselves


@dataclass(frozen=True, slots=True)
class Asked:
    """`compare`: policies by name, under `seeds` each, in place of one run; `table`: where their markdown goes."""

    options: Options
    out: Path
    compare: dict[str, Policy] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    table: Path | None = None


def read_options(argv: list[str] | None = None) -> Asked:
    """What was asked; exits with a sentence when it makes no sense."""
    parser = answer.Words(
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
    parser.add_argument(
        "--policy", type=_policy, metavar="FILE", help="how cases are offered, as scripts/policies/*.json"
    )
    parser.add_argument("--compare", type=Path, nargs="+", default=[], metavar="FILE",
                        help="several policies side by side, the same incidents and people under each")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N",
                        help=f"of a comparison: seeds S, S + 1, ... under each policy ({SEEDS})")  # fmt: skip
    parser.add_argument("--table", type=Path, metavar="FILE", help="of a comparison: where its markdown goes")
    chosen = parser.parse_args(argv)
    if (chosen.url is None) != (chosen.credentials is None):
        parser.error("--url and --credentials belong together")
    if chosen.url is not None and (chosen.policy or chosen.compare):
        parser.error("a policy is for a service of our own, not for one that runs already")
    if chosen.policy and chosen.compare:
        parser.error("--policy is one run, --compare several")
    if chosen.count < 1 or chosen.officers < 1 or chosen.seeds < 1 or not 0 < chosen.minutes < 24 * 60:
        parser.error("--count, --officers and --seeds are at least 1, --minutes lies between 0 and 1440")
    options = Options(
        incidents=chosen.incidents, count=chosen.count, officers=chosen.officers, minutes=chosen.minutes,
        seed=chosen.seed, areas=chosen.areas, url=chosen.url, credentials=chosen.credentials, policy=chosen.policy,
    )  # fmt: skip
    try:
        compare = {path.stem: _policy(path) for path in chosen.compare}
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    return Asked(options, chosen.json, compare, tuple(range(chosen.seed, chosen.seed + chosen.seeds)), chosen.table)


def _policy(said: str | Path) -> Policy:
    try:
        return read_policy(Path(said).read_bytes())
    except (PolicyError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{said}: {error}") from error


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
    found, code = run.finished(error)
    if "error" in found and not run.ledger.sent:  # nothing was simulated: nothing is known, not even that nothing broke
        found |= dict.fromkeys(set(answer.PROMISED["simulate"].split()) - set(KNOWN_BEFORE))
        found |= {"offer_ms": dict(answer.PERCENTILES), "claim_ms": dict(answer.PERCENTILES)}
    return found, code


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


async def perform_comparison(asked: Asked) -> tuple[dict[str, Any], int]:
    """What stands in the file at the end, and the worst exit code."""
    options = asked.options
    words = {
        "incidents": options.incidents.name, "count": options.count, "officers": options.officers,
        "minutes": options.minutes, "areas": options.areas and options.areas.name,
        "policies": {name: msgspec.to_builtins(policy) for name, policy in asked.compare.items()},
    }  # fmt: skip

    async def run(policy: Policy, seed: int) -> tuple[dict[str, Any], int]:
        return await perform(replace(options, policy=policy, seed=seed))

    return await compare(asked.compare, asked.seeds, run, asked.out, words)


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    asked = read_options()
    with asyncio.Runner(loop_factory=_loop) as runner:
        if asked.compare:
            found, code = runner.run(perform_comparison(asked))
            if "error" in found:
                answer.write(asked.out, found)
            _tell_comparison(found, asked.table)
        else:
            found, code = runner.run(perform(asked.options))
            answer.write(asked.out, found)
            shown = {k: v for k, v in found.items() if k not in ("broken", "policy") and v not in ({}, None)}
            Console().print(table("Simulation", shown))
    for broken in found.get("broken", ()):
        print(f"BROKEN: {broken}", file=sys.stderr)
    if "error" in found:
        print(f"scripts/simulate: {found['error']}", file=sys.stderr)
    return code


def _tell_comparison(found: dict[str, Any], file: Path | None) -> None:
    """The table, and every promise that broke in any run."""
    told = markdown(found["compared"])
    print(told)
    if file is not None:
        file.write_text(told)
    for run in found["runs"]:
        for broken in run["found"]["broken"]:
            print(f"BROKEN under {run['policy']}, seed {run['seed']}: {broken}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
