"""Modes, head start and borders as a process reads them with the catalogue."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Database
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_a_time_zone_that_nobody_knows_is_refused_when_it_is_set(town: Town) -> None:
    with pytest.raises(asyncpg.PostgresError, match="time zone"):
        await town.owner.execute("UPDATE stations SET time_zone = 'Asia/Atlantis'")
    await town.owner.execute("UPDATE stations SET time_zone = 'Europe/Paris' WHERE id = 's2'")
