"""A pytest plugin for runs over a mutated copy: the copy's fixtures use stores that already run, emptied first.

It is loaded before the copy's conftest, and puts itself in place of `scripts.stores.Stores` there.
"""

import os
from types import TracebackType
from typing import Any, Self

import asyncpg
from hypothesis import Phase, settings

import scripts.stores


class Lent:
    """The stores of ONBEAT_LENT_DATABASE and ONBEAT_LENT_REDIS, with no database left of the run before but
    the one that was migrated for all of them (`planting.MIGRATED`)."""

    def __init__(self, *_: Any) -> None:
        self.database_url = os.environ["ONBEAT_LENT_DATABASE"]
        self.redis_url = os.environ["ONBEAT_LENT_REDIS"]

    async def __aenter__(self) -> Self:
        connection = await asyncpg.connect(self.database_url)
        left = await connection.fetch(
            "SELECT datname FROM pg_database "
            "WHERE NOT datistemplate AND datname NOT IN ('postgres', 'onbeat_migrated', current_database())"
        )
        for row in left:
            await connection.execute(f'DROP DATABASE "{row[0]}" WITH (FORCE)')
        await connection.close()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whoever lent them stops them."""


# One failing example is enough: nobody reads the smallest one. Those that a test gives by hand are run first: some
# bugs show in them alone for certain.
settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), database=None)
settings.load_profile("mutants")
scripts.stores.Stores = Lent  # type: ignore[assignment, misc]
