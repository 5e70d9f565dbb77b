"""What the history says of a time: the same answer as GET /v1/figures, for a person at a terminal and for machines.

Exit codes: 0 answered; 2 it could not be. OUT is whole then, too: every key, null, and the reason.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from dispatch.adapters.postgres.figures import read_figures
from dispatch.insight.ports import QuestionError
from dispatch.insight.values import Answered, By, Figures, Percentiles, Question, Waiting
from scripts import answer

CONNECT_S: Final = 10.0
NAMED_MAX: Final = 5  # places and categories on the terminal; the file names them all
SHOWN: Final = ("cases", "claimed", "fell_back", "fallback_share", "declined", "unanswered", "reoffered", "fairness")
TIMES: Final = ("received_to_claim_ms", "claim_to_arrival_ms")


def read_options(argv: list[str] | None = None) -> tuple[Question, str, Path]:
    """The question, the database's address, where the answer goes; exits with a sentence where they make no sense."""
    parser = answer.Words(
        prog="scripts/figures",
        description="Figures of the cases received in a time, from the history alone, exercises left out: times to "
        "offer, claim and arrival, fallbacks, fairness, who waits. A time without an offset is UTC.",
    )
    parser.add_argument("--from", dest="since", type=_time, required=True, metavar="TIME", help="received from then on")
    parser.add_argument("--to", dest="until", type=_time, required=True, metavar="TIME", help="... and before then")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the whole answer goes")
    parser.add_argument("--database", metavar="URL", help="PostgreSQL; else DATABASE_URL")
    parser.add_argument("--by", type=By, choices=list(By), default=By.STATION, help="what the groups are (station)")
    parser.add_argument("--station", metavar="ID", help="of this one only")
    parser.add_argument("--zone", help="whose hours of the day; each station's own without it")
    chosen = parser.parse_args(argv)
    database = chosen.database or os.environ.get("DATABASE_URL")
    if not database:
        parser.error("say --database URL, or set DATABASE_URL")
    if not chosen.since < chosen.until:
        parser.error("--from must be earlier than --to")
    question = Question(chosen.since, chosen.until, chosen.by, chosen.station, chosen.zone)
    return question, database, chosen.json


def _time(said: str) -> datetime:
    found = datetime.fromisoformat(said)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


async def ask(question: Question, database: str) -> Answered:
    """The answer of that database. Raises: QuestionError; OSError; asyncpg.PostgresError."""
    connection = await asyncpg.connect(database, timeout=CONNECT_S)
    try:
        return await read_figures(connection, question)
    finally:
        await connection.close(timeout=CONNECT_S)


def table(found: Answered) -> Table:
    """The whole first, then its groups."""
    made = Table(title=f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC, by {found.by}")
    for name in (str(found.by), *SHOWN, *(f"{time.removesuffix('_ms')} s p50/p90/p99" for time in TIMES)):
        made.add_column(name.replace("_", " "), justify="left" if name == found.by else "right")
    for figures in (found.whole, *found.groups):
        made.add_row(figures.key or "all", *(_said(figures, name) for name in SHOWN),
                     *(_seconds(getattr(figures, name)) for name in TIMES))  # fmt: skip
    return made


def _said(figures: Figures, name: str) -> str:
    value = getattr(figures, name)
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _seconds(found: Percentiles) -> str:
    return " / ".join("-" if ms is None else f"{ms / 1000:.1f}" for ms in (found.p50, found.p90, found.p99))


def _longest(title: str, waiting: tuple[Waiting, ...]) -> str:
    said = (f"{w.key} ({w.cases} cases, p90 {(w.wait_ms.p90 or 0) / 1000:.0f} s)" for w in waiting[:NAMED_MAX])
    return f"{title}: {', '.join(said) or 'none'}"


def main() -> int:
    question, database, out = read_options()
    asked = answer.Asked("figures", out)
    try:
        found = asyncio.run(ask(question, database))
    except (QuestionError, OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error) or type(error).__name__
        print(f"scripts/figures: {why}", file=sys.stderr)
        answer.write(out, answer.blank(asked, why))
        return 2
    answer.write(out, msgspec.to_builtins(found))
    console = Console()
    console.print(table(found))
    console.print(_longest("Places that wait longest", found.places), highlight=False)
    console.print(_longest("Categories that wait longest", found.categories), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
