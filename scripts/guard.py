"""Guessing, racing, enumerating and flooding a live service (PROMISES S4 to S8), its limits and authorisation on.

Each row is played against two web processes, relay, sweeper and empty stores of its own, from forged networks behind a
proxy that is believed. Exit codes: 0 every row that ran is reached, 1 one is not, 2 it could not be run.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import httpx
from redis.exceptions import RedisError

from scripts import answer
from scripts.chaos_rows.tally import Found
from scripts.children import ChildError
from scripts.guarding import codes_row, floods_row, hidden_row, receipts_row, sessions_row
from scripts.guarding.ground import Ground, Profile, standing
from scripts.simulator.http import Unanswered
from scripts.stores import StoresError

EXPECTED: Final = (
    StoresError, ChildError, OSError, TimeoutError, ValueError, KeyError, httpx.HTTPError, Unanswered,
    asyncpg.PostgresError, RedisError,
)  # fmt: skip
MANY_MESSAGES: Final = {"ONBEAT_SMS_PER_DAY": "100000"}
"""An operator who pays for enough: what is asked is how often a code may be guessed, not when the day's are used up."""


class Row(NamedTuple):
    """How a row is played, and the settings of its service; rows with the same settings share one."""

    run: Callable[[Ground], Awaitable[Found]]
    settings: Mapping[str, str]


ROWS: Final = {
    "S4": Row(sessions_row.run, MANY_MESSAGES),
    "S5": Row(codes_row.run, MANY_MESSAGES),
    "S7": Row(receipts_row.run, MANY_MESSAGES),
    "S8": Row(hidden_row.run, MANY_MESSAGES),
    "S6": Row(floods_row.run, {}),
}
assert set(ROWS) == set(answer.GUARD_ROWS)


def told(name: str, found: Found | None, reason: str = "") -> dict[str, Any]:
    if found is None:
        return {"row": name, "n": 0, "figure": None, "reached": None, "reason": reason}
    return {"row": name, "n": found.n, "figure": found.figure, "reached": found.reached, "reason": found.reason}


async def run(names: Sequence[str], profile: Profile, seed: int, rows: dict[str, dict[str, Any]]) -> None:
    """Fills `rows`. Raises: EXPECTED, where a service cannot be started."""
    for settings in (MANY_MESSAGES, {}):
        wanted = [name for name in ROWS if name in names and ROWS[name].settings == settings]
        if not wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="onbeat-guard-") as folder:
            async with standing(profile, seed, Path(folder), settings) as ground:
                for name in wanted:
                    rows[name] = await played(name, ground)
                    print(f"{name}: {rows[name]}", flush=True)


async def played(name: str, ground: Ground) -> dict[str, Any]:
    try:
        return told(name, await ROWS[name].run(ground))
    except* EXPECTED as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        why = f"{type(error).__name__}: {error}"
    return told(name, None, why)


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/guard", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    parser.add_argument("--rows", default=",".join(answer.GUARD_ROWS), help="such as S4,S5; all without it")
    parser.add_argument("--profile", type=Profile, default=Profile.SHORT, choices=list(Profile))
    parser.add_argument("--seed", type=int, default=None, help="what is drawn comes from it; drawn itself without it")
    chosen = parser.parse_args(argv)
    names = chosen.rows.split(",")
    strange = [name for name in names if name not in ROWS]
    if strange:
        parser.error(f"no such row: {strange[0]}")
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(2**31)
    rows = {name: told(name, None, "not asked for" if name not in names else "not run") for name in answer.GUARD_ROWS}
    began, why = time.monotonic(), None

    def so_far() -> dict[str, Any]:
        known = {"profile": str(chosen.profile), "seed": seed, "rows": list(rows.values()), "reason": why}
        return known | {"seconds": round(time.monotonic() - began, 1)}

    answer.tells(so_far)
    print(f"seed {seed}", flush=True)
    try:
        asyncio.run(run(names, chosen.profile, seed, rows))
    except EXPECTED as error:
        why = f"{type(error).__name__}: {error}"
        print(f"scripts/guard: {why}", file=sys.stderr)
    answer.write(chosen.json, so_far())
    reached = [rows[name]["reached"] for name in names]
    return 2 if why or None in reached else 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
