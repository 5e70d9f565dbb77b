"""Can the history be changed unseen? A superuser edits it again and again; the verifier has database and records.

Two histories on stores of its own: a small one that is edited, each edit rolled back after the verifier has looked, and
a large one that nobody touches, which must be clean. Exit codes: 0 everything found and no false alarm; 1 not so; 2 it
could not be run.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from rich.console import Console

from dispatch.adapters.heads import HeadsFolder, lines_of
from dispatch.adapters.postgres.audit import PostgresAudited, PostgresJournal, PostgresSnapshot
from dispatch.adapters.postgres.migrate import migrate
from dispatch.adapters.signing import KEY_FILE, Ed25519Signer, Ed25519Verifier
from dispatch.audit.record import opened
from dispatch.audit.verifying import Verdict, Witnessed, verify
from dispatch.audit.witness import Witness
from scripts import answer
from scripts.drill.edits import EDITS
from scripts.stores import Stores, StoresError

FILL: Final = Path(__file__).with_name("drill") / "fill.sql"
ENTRIES_A_CASE: Final = 6
SMALL_CASES: Final = 120
SECRET: Final = b"of the drill alone, never of a service"


class Told(msgspec.Struct, kw_only=True):
    """What the drill found. `missed`: kinds of edits that the verifier did not see, each as often as it was missed."""

    seed: int
    edits: int
    found: int = 0
    missed: dict[str, int] = {}
    kinds: dict[str, int] = {}
    clean_entries: int = 0
    false_alarms: int | None = None
    clean_verify_s: float | None = None
    reason: str | None = None


async def fill(dsn: str, cases: int) -> None:
    """A true history of so many cases."""
    connection = await asyncpg.connect(dsn, command_timeout=None)
    try:
        text = FILL.read_text().replace("$cases", str(cases)).replace("$entries", str(ENTRIES_A_CASE))
        await connection.execute(text)
    finally:
        await connection.close()


async def witnessed(dsn: str, folder: Path) -> Witnessed:
    """A witness has looked once, as it does every minute; what its records say."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    try:
        signer = Ed25519Signer(SECRET)
        outside = HeadsFolder(folder, KEY_FILE, signer.pem())
        await Witness(PostgresJournal(pool), outside, signer).turn()
        outside.release()
        return Witnessed(opened(lines_of(folder), Ed25519Verifier(signer.pem())))
    finally:
        await pool.close()


async def look(connection: Any, folder: Path) -> Verdict:
    """The verifier's answer from inside a transaction."""
    verifier = Ed25519Verifier((folder / KEY_FILE).read_bytes())
    return await verify(PostgresSnapshot(connection), Witnessed(opened(lines_of(folder), verifier)))


async def edit_and_look(dsn: str, folder: Path, edits: int, seed: int, told: Told) -> None:
    """So many edits, every kind in turn, each alone."""
    dice = random.Random(seed)
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        first = await look_inside(connection, folder)
        if first.problems:
            raise RuntimeError(f"the untouched history has problems: {first.problems[:3]}")
        names = list(EDITS)
        for number in range(edits):
            name = names[number % len(names)]
            undo = connection.transaction()
            await undo.start()
            try:
                await EDITS[name](connection, dice)
                problems = (await look(connection, folder)).problems
            finally:
                await undo.rollback()
            told.kinds[name] = told.kinds.get(name, 0) + 1
            if problems:
                told.found += 1
            else:
                told.missed[name] = told.missed.get(name, 0) + 1
    finally:
        await connection.close()


async def look_inside(connection: Any, folder: Path) -> Verdict:
    async with connection.transaction():
        return await look(connection, folder)


async def drill(edits: int, entries: int, seed: int, told: Told) -> None:
    with tempfile.TemporaryDirectory(prefix="onbeat-drill-") as name:
        at = Path(name)
        os.chmod(at, 0o711)  # noqa: PTH101, S103 # nosec B103 - PostgreSQL runs as another user
        async with Stores(at / "stores") as stores:
            small = await _database(stores.database_url, "drill_small")
            await fill(small, SMALL_CASES)
            await witnessed(small, at / "small")
            await edit_and_look(small, at / "small", edits, seed, told)
            if entries:
                large = await _database(stores.database_url, "drill_large")
                await fill(large, entries // ENTRIES_A_CASE)
                records = await witnessed(large, at / "large")
                began = time.monotonic()
                async with PostgresAudited(large).snapshot() as snapshot:
                    verdict = await verify(snapshot, records)
                told.clean_verify_s = round(time.monotonic() - began, 1)
                told.clean_entries, told.false_alarms = verdict.entries, len(verdict.problems)


async def _database(dsn: str, name: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    made = dsn.rpartition("/")[0] + "/" + name
    await migrate(made)
    return made


def main() -> int:
    parser = answer.Words(
        prog="scripts/audit-drill",
        description="Edits a history as a database superuser and asks whether scripts/audit-verify finds it; "
        "then verifies a large untouched history. Exit code 0: all found, no false alarm; 1: not so; 2: not run.",
    )
    parser.add_argument("--edits", type=int, default=500, help="how many, every kind in turn (500)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the untouched history (1,000,000); 0: none")
    parser.add_argument("--seed", type=int, default=1, help="decides what is edited where")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT")
    chosen = parser.parse_args()
    if chosen.edits < 1 or chosen.entries < 0:
        parser.error("--edits is at least 1, --entries is not negative")
    told, code = Told(seed=chosen.seed, edits=chosen.edits), 2
    answer.tells(lambda: msgspec.to_builtins(told))
    try:
        asyncio.run(drill(chosen.edits, chosen.entries, chosen.seed, told))
        code = 0 if told.found == told.edits and not told.false_alarms else 1
    except (StoresError, OSError, RuntimeError, asyncpg.PostgresError) as error:
        told.reason = str(error) or type(error).__name__
        print(f"scripts/audit-drill: {told.reason}", file=sys.stderr)
    answer.write(chosen.json, msgspec.to_builtins(told))
    Console(highlight=False).print(
        f"{told.found} of {told.edits} edits found ({len(told.kinds)} kinds); "
        f"{told.false_alarms} false alarms in {told.clean_entries} entries"
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
