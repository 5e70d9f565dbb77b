"""The rules that the database judges by: loaded by every release, compared by every role at start (DECISIONS D27)."""

from typing import Any, Final

import asyncpg

from dispatch import limits
from dispatch.adapters.postgres.judging import judge_sha256
from dispatch.adapters.postgres.steps import STEPS
from dispatch.cases.lifecycle import GUARDS, LEGAL

SHOWN_MAX: Final = 5  # differing rows named in the sentence


class RulesDiffer(Exception):
    """The database judges by other rules than this code: run the release of this version first."""


async def load_rules(connection: asyncpg.Connection) -> None:
    """The whole of `LEGAL`, `GUARDS` and the numbers of `dispatch.limits`, in one transaction; needs the owner."""
    async with connection.transaction():
        for step in STEPS:
            await step(connection)


async def check_rules(connection: asyncpg.Connection) -> None:
    """Returns when the tables hold exactly the rules of this code. Raises: RulesDiffer, naming the rows."""
    differing: list[str] = []
    for name, held, meant in (
        ("legal", await _legal(connection), {(s, e): str(after) for (s, e), after in LEGAL.items()}),
        ("guards", await _guards(connection), {str(e): (frozenset(g.actors), g.fence) for e, g in GUARDS.items()}),
        ("limits", await _limits(connection), meant_limits()),
        ("functions", {"sha256": await _judge(connection)}, {"sha256": judge_sha256()}),
    ):  # fmt: skip
        differing += [
            f"{name} {_words(key)}: {_words(held.get(key, 'missing'))} instead of {_words(meant.get(key, 'nothing'))}"
            for key in sorted(held.keys() | meant.keys(), key=str)
            if held.get(key) != meant.get(key)
        ]
    if differing:
        more = f" and {len(differing) - SHOWN_MAX} more" if len(differing) > SHOWN_MAX else ""
        raise RulesDiffer(
            f"the database judges by other rules ({'; '.join(differing[:SHOWN_MAX])}{more}): "
            "run `python -m gateway.release` of this version"
        )


def meant_limits() -> dict[Any, Any]:
    """Every whole number of `dispatch.limits`, by name."""
    return {name: value for name, value in vars(limits).items() if name.isupper() and type(value) is int}


async def _legal(connection: asyncpg.Connection) -> dict[Any, Any]:
    rows = await connection.fetch("SELECT status, event, next_status FROM legal")
    return {(row["status"], row["event"]): row["next_status"] for row in rows}


async def _guards(connection: asyncpg.Connection) -> dict[Any, Any]:
    rows = await connection.fetch("SELECT event, actors, fence FROM guards")
    return {row["event"]: (frozenset(row["actors"]), row["fence"]) for row in rows}


async def _limits(connection: asyncpg.Connection) -> dict[Any, Any]:
    return {row["name"]: row["value"] for row in await connection.fetch("SELECT name, value FROM limits")}


async def _judge(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT sha256 FROM judge"))


def _words(value: object) -> str:
    if isinstance(value, tuple | frozenset):
        return " ".join(sorted(_words(one) for one in value) if isinstance(value, frozenset) else map(_words, value))
    return str(value)
