"""Look at every page as a person would, and judge: `scripts/pages-report --json OUT`.

A demonstration town of its own on free ports. axe-core over each page in every state that its `states.js` names, in
both languages, light and dark, two at a time; then Lighthouse alone, as a phone, signed in, the median of `--runs` (5);
what the citizen's first view weighs without a map. OUT is whole from the first second and anew after each part, however
this ends: what was not looked at is null, and `reasons` says why. What a busy machine spoils is done again.

Exit codes: 0 all is reached; 1 something is not; 2 it could not be looked at all.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Error as BrowserError
from playwright.async_api import Playwright, async_playwright

from scripts import answer
from scripts.children import ChildError
from scripts.looks.axe import Look, looks
from scripts.looks.calm import Machine
from scripts.looks.lighthouse import CATEGORIES, first_view_kb, scores
from scripts.looks.pages import FLAGS, NAMES, WAYS, NotLooked, chromium, page_named
from scripts.looks.town import Town, open_town
from scripts.stores import StoresError
from scripts.test import ensure_browser
from scripts.web_packages import Parts, ensure

FULL: Final = 100
PERFORMANCE_MIN: Final = 95
FIRST_VIEW_KB_MAX: Final = 100.0
SHOWN: Final = 40
"""Findings that are said on the terminal."""
AT_ONCE: Final = 2
"""Browsers' windows that axe looks at side by side: as many as this machine has processors."""
TRIES: Final = 3
"""Of what a browser refused: a page that was starved for a minute says nothing about itself."""
BESIDE: Final = ("failed", "seen")
"""What is told of a page beside its scores."""
FAILURES: Final = (NotLooked, StoresError, ChildError, BrowserError, OSError)


@dataclass(slots=True)
class Report:
    """What was seen so far, and where it is written. `reasons`: why something is missing, by what it is."""

    out: Path = Path(os.devnull)
    runs: list[Look] = field(default_factory=list)
    unlooked: set[str] = field(default_factory=lambda: set(NAMES))
    lighthouse: dict[str, dict[str, Any] | None] = field(default_factory=lambda: dict.fromkeys(NAMES))
    first_view_kb: float | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)

    def keep(self) -> None:
        """Writes OUT: as it stands, and whole whenever it is read."""
        answer.write(self.out, self.json())

    def failed(self, what: str, failure: BaseException) -> None:
        """Why something is missing."""
        self.reasons[what] = f"{type(failure).__name__}: {' '.join(str(failure).split())}"[:400]

    def json(self) -> dict[str, Any]:
        """As OUT holds it. A page that was not looked at has one row with nulls, and the sum is null then."""
        rows = [look.row() for look in self.runs]
        rows += [
            dict.fromkeys(("state", "language", "scheme", "violations")) | {"page": name}
            for name in sorted(self.unlooked)
        ]
        empty = dict.fromkeys(name.replace("-", "_") for name in CATEGORIES)
        told = {name: {key: (one or empty)[key] for key in empty} for name, one in self.lighthouse.items()}
        return {
            "axe_violations": None if self.unlooked else sum(look.violations for look in self.runs),
            "axe_runs": rows,
            "lighthouse": told,
            "first_view_kb": self.first_view_kb,
            "reached": not self.missed(),
            "lighthouse_runs": {name: one["seen"] if one else [] for name, one in self.lighthouse.items()},
            "reasons": self.reasons,
            "seconds": round(time.monotonic() - self.began_s, 1),
        }

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        lines = [f"{what}: {why}" for what, why in self.reasons.items()]
        violations = sum(look.violations for look in self.runs)
        lines += [f"axe found {violations} violations"] if violations else []
        lines += [f"axe has not seen every state of {name}" for name in sorted(self.unlooked)]
        for name, told in self.lighthouse.items():
            for category in ("accessibility", "best_practices"):
                if told is not None and told[category] < FULL:
                    lines.append(f"{category} of {name} is {told[category]}, not {FULL}")
        citizen = self.lighthouse["citizen"]
        if citizen is not None and citizen["performance"] < PERFORMANCE_MIN:
            lines.append(f"performance of citizen is {citizen['performance']}, below {PERFORMANCE_MIN}")
        lines += [f"Lighthouse has not seen {name}" for name, told in self.lighthouse.items() if told is None]
        if self.first_view_kb is None or self.first_view_kb >= FIRST_VIEW_KB_MAX:
            lines.append(f"the first view weighs {self.first_view_kb} kB, not less than {FIRST_VIEW_KB_MAX:.0f}")
        return lines


async def attempt(report: Report, what: str, do: Callable[[], Awaitable[None]]) -> None:
    """One part; a failure of it is its reason, and the others go on. OUT has it at once."""
    try:
        await do()
    except FAILURES as failure:
        report.failed(what, failure)
    report.keep()


async def look(report: Report, playwright: Playwright, town: Town, chosen: argparse.Namespace) -> None:
    """All that was asked for, part by part: what may stand side by side first, what measures time alone."""
    browser = await playwright.chromium.launch(
        executable_path=chromium(playwright.chromium.executable_path), args=list(FLAGS)
    )
    free, machine = asyncio.Semaphore(AT_ONCE), Machine()

    async def way(name: str, one: tuple[str, str]) -> list[Look]:
        async with free:
            for again in reversed(range(TRIES)):
                try:
                    return [seen async for seen in looks(browser, town.url, page_named(name), (one,))]
                except (BrowserError, TimeoutError):
                    if not again:
                        raise
        raise AssertionError("TRIES is not positive")

    async def states(name: str) -> None:
        told = await asyncio.gather(*(way(name, one) for one in WAYS), return_exceptions=True)
        seen = [one for part in told if not isinstance(part, BaseException) for one in part]
        report.runs += seen
        for failure in told:
            if isinstance(failure, BaseException):
                raise failure
        report.unlooked.discard(name)
        say(f"axe {name}: {sum(one.violations for one in seen)} violations in {len(seen)} runs")

    async def lighthouse(name: str) -> None:
        told = report.lighthouse[name] = await scores(playwright, town, page_named(name), chosen.runs, machine)
        say(f"lighthouse {name}: {', '.join(f'{key} {one}' for key, one in told.items() if key not in BESIDE)}")
        runs = ", ".join(f"{one['performance']} at {one['benchmark']:.0f}" for one in told["seen"])
        say(f"  performance of each run, with the processor's benchmark: {runs}")
        for line in told["failed"]:
            say(f"  {line}")

    async def weight() -> None:
        report.first_view_kb = await first_view_kb(playwright, town.url)
        say(f"first view: {report.first_view_kb} kB")

    await attempt(report, "first_view_kb", weight)
    if chosen.only != "lighthouse":
        await asyncio.gather(*(attempt(report, f"axe {name}", partial(states, name)) for name in chosen.pages))
    await browser.close()
    if chosen.only != "axe":
        for name in chosen.pages:
            await attempt(report, f"lighthouse {name}", partial(lighthouse, name))


async def run(report: Report, chosen: argparse.Namespace) -> None:
    async with open_town(chosen.folder) as town, async_playwright() as playwright:
        await look(report, playwright, town, chosen)


def say(text: str) -> None:
    print(text, flush=True)


def show(report: Report) -> None:
    """The findings, each once with how often, and what is not reached."""
    seen: dict[str, list[Look]] = {}
    for one in report.runs:
        for found in one.found:
            seen.setdefault(f"{one.page}: {found}", []).append(one)
    for found, where in sorted(seen.items(), key=lambda pair: -len(pair[1]))[:SHOWN]:
        first = where[0]
        say(f"{len(where)} times, as in {first.state}, {first.language}, {first.scheme}: {found[:500]}")
    for line in report.missed():
        say(f"not reached: {line}")


def main() -> int:
    parser = answer.Words(prog="scripts/pages-report", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report is written")
    parser.add_argument("--runs", type=int, default=5, help="Lighthouse runs of a page, of which the median counts (5)")
    parser.add_argument("--pages", nargs="+", choices=NAMES, default=list(NAMES), help="look at these only")
    parser.add_argument("--only", choices=("axe", "lighthouse"), help="one of the two only; the other is then null")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    report = Report(chosen.json)
    answer.tells(report.json)
    code = 2
    try:
        missing = ensure(Parts.ALL) or ensure_browser(os.environ, os.geteuid() == 0)
        if missing:
            raise NotLooked(missing)
        with tempfile.TemporaryDirectory(prefix="onbeat-pages-") as folder:
            chosen.folder = Path(folder)
            chosen.folder.chmod(0o711)  # PostgreSQL runs as a lesser user and must pass
            asyncio.run(run(report, chosen))
        code = 1 if report.missed() else 0
    except FAILURES as failure:
        report.failed("all", failure)
    except KeyboardInterrupt:
        report.reasons["all"] = "it was stopped"
        raise
    except BaseException as failure:  # whatever it was, the report says it, and then it goes its way
        report.failed("all", failure)
        raise
    finally:
        report.keep()
    show(report)
    return code


if __name__ == "__main__":
    sys.exit(main())
