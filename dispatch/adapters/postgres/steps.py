"""What the code holds as its source and the database as a copy: the functions, the rules, their guards, the limits.

Each step replaces the whole copy, inside the transaction of the migration run that calls it: whoever judges
meanwhile reads the old copy or the new one, never a mixture.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from dispatch import limits
from dispatch.adapters.postgres.judging import load_judge
from dispatch.cases.lifecycle import GUARDS, LEGAL


async def load_legal(connection: asyncpg.Connection) -> None:
    """`LEGAL` into the table `legal`."""
    await connection.execute("DELETE FROM legal")
    await connection.executemany(
        "INSERT INTO legal (status, event, next_status) VALUES ($1, $2, $3)",
        [(status, event, after) for (status, event), after in LEGAL.items()],
    )


async def load_guards(connection: asyncpg.Connection) -> None:
    """`GUARDS` into the table `guards`."""
    await connection.execute("DELETE FROM guards")
    await connection.executemany(
        "INSERT INTO guards (event, actors, fence) VALUES ($1, $2, $3)",
        [(event, sorted(guard.actors), guard.fence) for event, guard in GUARDS.items()],
    )


async def load_limits(connection: asyncpg.Connection) -> None:
    """Every whole number of `dispatch.limits` into the table `limits`."""
    await connection.execute("DELETE FROM limits")
    await connection.executemany(
        "INSERT INTO limits (name, value) VALUES ($1, $2)",
        [(name, value) for name, value in vars(limits).items() if name.isupper() and type(value) is int],
    )


STEPS: Final[tuple[Callable[[asyncpg.Connection], Awaitable[None]], ...]] = (
    load_judge,
    load_legal,
    load_guards,
    load_limits,
)
