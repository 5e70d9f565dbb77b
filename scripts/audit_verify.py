"""Is the history what it was? The database held against the records that a witness wrote outside it.

Exit codes: 0 clean; 1 somebody changed it; 2 it could not be read.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
from rich.console import Console

from dispatch.adapters.heads import lines_of
from dispatch.adapters.postgres.audit import PostgresAudited
from dispatch.adapters.signing import KEY_FILE, Ed25519Verifier, WitnessKeyError
from dispatch.audit.record import RecordsError, opened
from dispatch.audit.verifying import Verdict, Witnessed, verify
from scripts import answer

SHOWN_MAX: Final = 20


class Unreadable(Exception):
    """The records or the database cannot be read; the message says which and why."""


def records_of(folder: Path, key: Path | None = None) -> Witnessed:
    """What was witnessed, each record verified. Raises: Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is no folder: --heads names the one that ONBEAT_HEADS names")
    try:
        verifier = Ed25519Verifier((key or folder / KEY_FILE).read_bytes())
        lines = lines_of(folder)
    except (OSError, WitnessKeyError, RecordsError) as error:
        raise Unreadable(str(error)) from error
    if not lines:
        raise Unreadable(f"{folder} holds no record yet: a relay writes the first one when it starts")
    try:
        return Witnessed(opened(lines, verifier))
    except RecordsError as error:
        raise Unreadable(str(error)) from error


async def verdict_of(witnessed: Witnessed, database: str) -> Verdict:
    """Raises: Unreadable."""
    try:
        async with PostgresAudited(database).snapshot() as snapshot:
            return await verify(snapshot, witnessed)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise Unreadable(f"the database could not be read: {error}") from error


def main() -> int:
    parser = answer.Words(
        prog="scripts/audit-verify",
        description="Holds every entry of the history against its chain, and the chains against what was signed and "
        "written outside the database. Exit code 0: clean; 1: changed; 2: unreadable.",
    )
    parser.add_argument("--heads", type=Path, required=True, metavar="DIR", help="the folder that ONBEAT_HEADS names")
    parser.add_argument("--database", metavar="URL", help="PostgreSQL; else DATABASE_URL")
    parser.add_argument("--key", type=Path, metavar="FILE", help=f"the witness's public key; else DIR/{KEY_FILE}")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="entries, cases, records, problems")
    chosen = parser.parse_args()
    database = chosen.database or os.environ.get("DATABASE_URL")
    console = Console(highlight=False)
    try:
        if not database:
            raise Unreadable("say --database URL, or set DATABASE_URL")
        found = asyncio.run(verdict_of(records_of(chosen.heads, chosen.key), database))
    except Unreadable as error:
        answer.write(chosen.json, answer.blank(answer.Asked("audit-verify", chosen.json), str(error)))
        print(f"scripts/audit-verify: {error}", file=sys.stderr)
        return 2
    answer.write(chosen.json, msgspec.to_builtins(found))
    console.print(f"{found.entries} entries of {found.cases} cases against {found.records} records")
    for problem in found.problems[:SHOWN_MAX]:
        console.print(f"  {problem.kind:<15} {problem.case} entry {problem.seq}")
    if len(found.problems) > SHOWN_MAX:
        console.print(f"  and {len(found.problems) - SHOWN_MAX} more")
    console.print("changed" if found.problems else "clean")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
