"""What is due waits for nothing else: not for a database that has just lost every connection, not for a held row."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import asyncpg.connection
import pytest
from redis.asyncio import Redis

from dispatch.adapters.postgres import openings
from dispatch.adapters.postgres.pool import SESSION, connect_pool, fetch
from dispatch.adapters.postgres.store import FIRING
from dispatch.adapters.redis.bus import FIXES, RedisBus
from dispatch.cases.ports import StoreAway
from dispatch.cases.values import Status
from dispatch.limits import OPENINGS_MAX
from gateway.sweeper import Sweeper
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

END_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()
"""
TURNS = 200  # of the loop: whoever could go on without the database has


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database, size=4) as town:
        yield town


@pytest.fixture
async def sweeper(database: Database, redis_url: str) -> AsyncIterator[Sweeper]:
    async with AsyncExitStack() as stack:
        own, pool = await connect_pool(database.app_url, size=1), await connect_pool(database.app_url, size=2)
        stack.push_async_callback(own.close)
        stack.push_async_callback(pool.close)
        client = await stack.enter_async_context(Redis.from_url(redis_url))
        yield Sweeper(own, pool, RedisBus(client, redis_url, "sweeper-test", (FIXES,)), "sweeper-test")


async def fired(sweeper: Sweeper) -> None:
    """The first sweep that reaches the database. A connection that was ended is noticed by using it, at most."""
    for _ in range(3):
        try:
            return await sweeper.sweep()
        except StoreAway:
            continue
    raise AssertionError("the database did not answer three times")


async def lives(town: Town) -> bool:
    return bool(await town.owner.fetchval("SELECT count(*) FROM heartbeats WHERE instance = 'sweeper-test'"))


async def test_after_every_connection_was_ended_what_fell_due_is_fired_though_nothing_else_can_be_done(
    town: Town, database: Database, sweeper: Sweeper
) -> None:
    for pool in (sweeper._own, sweeper._pool):
        await fetch(pool, "SELECT 1")
    case = await town.report(await town.officer())
    await town.pass_time(case)
    app = await asyncpg.connect(database.app_url)
    assert await app.fetch(END_ALL), "there was something to end"
    await app.close()
    held = await asyncpg.connect(database.owner_url)
    try:
        await held.execute("BEGIN; LOCK TABLE category_hours, areas, heartbeats IN ACCESS EXCLUSIVE MODE")
        await fired(sweeper)
        assert await held.fetchval("SELECT status FROM cases WHERE id = $1", case) == Status.AT_STATION
    finally:
        await held.close()


async def test_nothing_that_may_wait_is_asked_until_what_was_due_is_fired(
    town: Town, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.owner.execute("DELETE FROM heartbeats")
    await sweeper.rest()
    assert not await lives(town), "it has not swept yet"
    await sweeper.sweep()
    await sweeper.rest()
    assert await lives(town)
    await town.owner.execute("DELETE FROM heartbeats")

    async def away() -> int:
        raise StoreAway("ended by its administrator")

    with monkeypatch.context() as patched:
        patched.setattr(sweeper._sweeping, "sweep", away)
        with pytest.raises(StoreAway):
            await sweeper.sweep()
    monkeypatch.setattr(sweeper, "_beat_at", -1e9)
    await sweeper.rest()
    assert not await lives(town), "the database was away, and what is due comes first"
    await sweeper.sweep()
    await sweeper.rest()
    assert await lives(town)


@pytest.mark.parametrize("kind", sorted(FIRING))
async def test_a_new_connection_asks_for_nothing_beside_before_it_fires(database: Database, kind: str) -> None:
    one, asked = await asyncpg.connect(database.app_url, server_settings=SESSION), list[str]()
    one.add_query_logger(lambda record: asked.append(record.query))
    await one.fetch(FIRING[kind], "s1", 10)
    await one.close()  # and what was asked has been told
    assert asked == [FIRING[kind]]


class Deaf:
    """A way to the database on which what is said arrives and the end of a connection does not."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []
        self.all_said = asyncio.Event()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        user = self._there.netloc.rpartition("@")[0]
        return urlunsplit(self._there._replace(netloc=f"{user}@{host}:{port}"))

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for one in self._writers:
            one.transport.abort()

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._there.hostname, self._there.port)
        self._writers += [writer, back]
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer), return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        self.all_said.set()


async def test_a_connection_that_was_told_of_its_end_is_away_and_lent_to_nobody_again(database: Database) -> None:
    """The driver takes nothing more from the server's last word on, and knows of no end until it has come."""
    way = Deaf(database.app_url)
    async with way as url:
        pool = await connect_pool(url, size=1)
        [[pid]] = await fetch(pool, "SELECT pg_backend_pid()")
        app = await asyncpg.connect(database.app_url)
        assert await app.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
        await app.close()
        await way.all_said.wait()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        with pytest.raises(StoreAway, match="InternalClientError"):
            await fetch(pool, "SELECT 1")
        assert await fetch(pool, "SELECT 1")
        pool.terminate()


async def test_however_many_calls_ask_at_once_a_pool_makes_few_connections_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may = [0], asyncio.Event()
    connect = asyncpg.connection.connect

    async def slow(*args: Any, **settings: Any) -> Any:
        begun[0] += 1
        await may.wait()
        return await connect(*args, **settings)

    monkeypatch.setattr(openings, "OPENING_S_MAX", 60.0)
    monkeypatch.setattr(asyncpg.connection, "connect", slow)
    pool = await connect_pool(database.app_url, size=8)
    calls = [asyncio.create_task(fetch(pool, "SELECT 1")) for _ in range(40)]
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert begun[0] == OPENINGS_MAX
    may.set()
    assert len(await asyncio.gather(*calls)) == 40
    await pool.close()
