"""What a person watching the run sees: a live table on a terminal, a line every ten seconds anywhere else."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from scripts.simulator.ledger import Ledger
from scripts.simulator.verdict import FINAL, percentiles_ms

LIVE_S: Final = 1.0
LINE_S: Final = 10.0


def tally(ledger: Ledger, planned: int) -> dict[str, Any]:
    """How far the run is, in the words of the report."""
    logs = ledger.cases.values()
    offer_s = [at - s.first for s in ledger.sent.values() if s.case for at in ledger.cases[s.case].offers]
    return {
        "reported": f"{sum(s.acked is not None for s in ledger.sent.values())} of {planned}",
        "open": sum(log.status is not None and log.status not in FINAL for log in logs),
        "claimed": sum(any(log.won.values()) for log in logs),
        "contested": sum(any(len(who) > 1 for who in log.claimed.values()) for log in logs),
        "at the desk": sum(log.at_desk is not None for log in logs),
        "cleared": sum(log.status == "cleared" for log in logs),
        "claims sent": ledger.claims_sent,
        "refused": ledger.refused,
        "signals lost": ledger.signals_lost,
        "offer ms p50 / p99": _pair(percentiles_ms(offer_s)),
        "claim ms p50 / p99": _pair(percentiles_ms(ledger.claim_s)),
    }


def _pair(found: dict[str, float | None]) -> str:
    return " / ".join("-" if found[q] is None else f"{found[q]:g}" for q in ("p50", "p99"))


def table(title: str, rows: dict[str, Any]) -> Table:
    """Two columns; nested percentiles on one line."""
    made = Table(title=title, show_header=False)
    made.add_column(style="bold")
    made.add_column(justify="right")
    for name, value in rows.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        made.add_row(name, text)
    return made


@contextlib.asynccontextmanager
async def watching(phase: Callable[[], str], ledger: Ledger, planned: int, quiet: bool = False) -> Any:
    """Shows the run while the body lasts."""
    if quiet:
        yield
        return
    watcher = asyncio.create_task(_watch(phase, ledger, planned))
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def _watch(phase: Callable[[], str], ledger: Ledger, planned: int) -> None:
    console, began = Console(), time.monotonic()
    with _live(console) as live:
        while True:
            title = f"{phase()}, {time.monotonic() - began:.0f} s"
            rows = tally(ledger, planned)
            if live is not None:
                live.update(table(title, rows), refresh=True)
            else:
                print(f"{title}: " + ", ".join(f"{name} {value}" for name, value in rows.items()), flush=True)
            await asyncio.sleep(LINE_S if live is None else LIVE_S)


@contextlib.contextmanager
def _live(console: Console) -> Iterator[Live | None]:
    if not sys.stdout.isatty():
        yield None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield live
