"""Real stores for every test that asks: one pair for the whole run, a fresh database for each file.

All tests and fixtures share one event loop (see pyproject.toml), because the stores are watched on it.
"""

import itertools
import logging
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis.asyncio

from dispatch.adapters.postgres.migrate import migrate
from dispatch.adapters.postgres.roles import ensure_login, grant_membership
from scripts.stores import Stores
from tests import thrown_away

_NUMBERS: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """One database: `owner_url` may define things (migrations), `app_url` is the services' lesser role."""

    name: str
    owner_url: str
    app_url: str


MakeDatabase = Callable[..., Awaitable[Database]]


@pytest.fixture(scope="session")
async def stores() -> AsyncIterator[Stores]:
    """PostgreSQL and Redis in a folder of their own, in memory where there is room. Tests that kill stores start a pair
    of theirs."""
    folder = thrown_away.folder("onbeat-tests-")
    try:
        async with Stores(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def make_database(stores: Stores) -> AsyncIterator[MakeDatabase]:
    """`await make_database("name")`: a migrated database; with `empty=True` without table or login."""
    made: list[Database] = []
    migrated: list[str] = []

    async def make(hint: str = "test", *, empty: bool = False) -> Database:
        name = f"{re.sub(r'[^a-z0-9]+', '_', hint.lower())[-40:]}_{next(_NUMBERS)}"
        owner_url = _named(stores.database_url, name)
        if empty:
            await _execute(stores.database_url, f"CREATE DATABASE {name}")
            made.append(Database(name, owner_url, owner_url))
            return made[-1]
        # Migrated once and then copied: a copy takes a fraction of the time.
        if not migrated:
            before = os.environ.get("ONBEAT_LENT_MIGRATED")  # lent with the stores: what differs from it is migrated
            await _execute(
                stores.database_url, "CREATE DATABASE onbeat_template" + (f" TEMPLATE {before}" if before else "")
            )
            await migrate(_named(stores.database_url, "onbeat_template"))
            migrated.append("onbeat_template")
        await _execute(stores.database_url, f"CREATE DATABASE {name} TEMPLATE onbeat_template")
        app_url = await ensure_login(owner_url)
        connection = await asyncpg.connect(owner_url)
        await grant_membership(connection, urlsplit(app_url).username or "")
        await connection.close()
        made.append(Database(name, owner_url, app_url))
        return made[-1]

    yield make
    for one in made:
        try:
            await _execute(stores.database_url, f"DROP DATABASE IF EXISTS {one.name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:  # an autovacuum is at work there: without force it is sent away
            await _execute(stores.database_url, f"DROP DATABASE IF EXISTS {one.name}")


@pytest.fixture(scope="module")
async def database(make_database: MakeDatabase, request: pytest.FixtureRequest) -> Database:
    """A migrated database of this test file's own."""
    return await make_database(request.module.__name__.rpartition(".")[2])


@pytest.fixture(scope="module")
async def redis_url(stores: Stores) -> str:
    """Redis, emptied at the start of the file. Its channels know no databases: one file at a time."""
    async with redis.asyncio.Redis.from_url(stores.redis_url) as client:
        await client.flushall()
    return stores.redis_url


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _named(url: str, database: str) -> str:
    return url.rpartition("/")[0] + "/" + database


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the log was told of refusals in this test, whatever other tests of the run told it and set up before."""
    log = logging.getLogger("onbeat.refused")
    monkeypatch.setattr(log, "filters", [])
    monkeypatch.setattr(log, "disabled", False)
    caplog.set_level(logging.WARNING, log.name)
    return lambda: [record.getMessage() for record in caplog.records if record.name == log.name]
