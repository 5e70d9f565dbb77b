"""Real PostgreSQL and Redis as children: they come back, and keep what they promised."""

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from scripts.children import Child, Children
from scripts.family import processes_in
from scripts.postgres import find_user
from scripts.stores import Store, Stores, StoresError


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One cluster for the whole file; closed to others, as a home folder is, and with a blank in its name."""
    with tempfile.TemporaryDirectory(prefix="onbeat stores ") as name:
        yield Path(name) / "local"


@pytest.fixture
async def stores(folder: Path) -> AsyncIterator[Stores]:
    async with Stores(folder) as running:
        yield running


async def note(stores: Stores, text: str) -> None:
    connection = await asyncpg.connect(stores.database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
    await connection.execute("INSERT INTO notes VALUES ($1)", text)
    await connection.close()


async def notes(stores: Stores) -> set[str]:
    connection = await asyncpg.connect(stores.database_url)
    rows = await connection.fetch("SELECT text FROM notes")
    await connection.close()
    return {row["text"] for row in rows}


async def test_a_committed_row_survives_kill_9_of_postgresql_and_it_comes_back_by_itself(
    stores: Stores,
) -> None:
    await note(stores, "before the kill")
    url, pid = stores.database_url, stores.pid(Store.POSTGRES)
    assert stores.kill(Store.POSTGRES)
    await stores.wait_ready(Store.POSTGRES)
    assert "before the kill" in await notes(stores)
    assert stores.database_url == url
    assert stores.pid(Store.POSTGRES) != pid
    assert stores.deaths(Store.POSTGRES) == 1


async def test_it_comes_back_when_only_the_postmaster_is_killed_and_backends_linger(stores: Stores) -> None:
    connection = await asyncpg.connect(stores.database_url)
    await note(stores, "before the postmaster")
    pid = stores.pid(Store.POSTGRES)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while stores.deaths(Store.POSTGRES) == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await stores.wait_ready(Store.POSTGRES)
    assert "before the postmaster" in await notes(stores)
    connection.terminate()


async def test_redis_comes_back_after_kill_9(stores: Stores) -> None:
    assert stores.kill(Store.REDIS)
    await stores.wait_ready(Store.REDIS)
    async with redis.asyncio.Redis.from_url(stores.redis_url) as client:
        await client.set("a", "b")
        assert await client.get("a") == b"b"
    assert stores.deaths(Store.REDIS) == 1


async def test_a_frozen_postgresql_answers_nothing_until_resumed(stores: Stores) -> None:
    assert stores.pause(Store.POSTGRES)
    with pytest.raises(StoresError, match="did not answer"):
        await stores.wait_ready(Store.POSTGRES, timeout_s=0.3)
    assert stores.resume(Store.POSTGRES)
    await stores.wait_ready(Store.POSTGRES)


async def test_restart_keeps_rows_and_address(stores: Stores) -> None:
    await note(stores, "before the restart")
    url = stores.database_url
    await stores.restart(Store.POSTGRES)
    assert stores.database_url == url
    assert "before the restart" in await notes(stores)


async def test_stop_is_clean_and_the_same_folder_starts_again_at_once(folder: Path) -> None:
    async with Stores(folder) as stores:
        await note(stores, "before the stop")
    assert processes_in(folder / "postgres", "postgres") == []
    assert (folder / "log" / "postgres.log").read_text().endswith("database system is shut down\n")
    async with Stores(folder) as stores:
        assert "before the stop" in await notes(stores)


async def test_durability_is_on(stores: Stores) -> None:
    connection = await asyncpg.connect(stores.admin_url)
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert await connection.fetchval("SELECT current_setting($1)", name) == "on", name
    assert await connection.fetchval("SHOW max_connections") == "200"
    await connection.close()


async def test_the_owner_is_no_superuser_and_a_password_is_required(stores: Stores) -> None:
    connection = await asyncpg.connect(stores.database_url)
    assert await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stores.database_url, password="wrong")  # noqa: S106
    with pytest.raises(redis.exceptions.AuthenticationError):
        async with redis.asyncio.Redis(port=stores.port(Store.REDIS), retry=Retry(NoBackoff(), 0)) as client:
            await client.ping()
    assert stat.S_IMODE((stores.directory / "stores.json").stat().st_mode) == 0o600


async def test_a_lock_file_that_names_a_strange_living_process_is_no_obstacle(folder: Path) -> None:
    async with Stores(folder) as stores:
        await note(stores, "before the stranger")
    async with Children() as strangers:
        said = folder / "stranger.log"
        strangers.start(Child("stranger", ("sh", "-c", "echo born; exec sleep 600"), log=said, user=find_user()))
        async with asyncio.timeout(10):
            while not said.exists() or "born" not in said.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        pid = strangers.pid("stranger")
        # As after a reboot: the file is still there, and its process id now belongs to another program of the
        # same user (PostgreSQL itself overlooks those of others).
        stale = folder / "postgres" / "postmaster.pid"
        stale.write_text(f"{pid}\n{folder / 'postgres'}\n1\n5432\n\n127.0.0.1\n")
        async with Stores(folder) as stores:
            assert "before the stranger" in await notes(stores)
            assert stores.deaths(Store.POSTGRES) == 0


async def test_an_interrupted_first_start_is_begun_afresh(tmp_path: Path) -> None:
    half = tmp_path / "local" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with Stores(tmp_path / "local", wanted=frozenset({Store.POSTGRES})) as stores:
        await note(stores, "fresh")
    assert not half.exists()


async def test_files_of_another_version_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "stores.json").write_text('{"postgres": "a", "owner": "b", "redis": "c"}')
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoresError, match="was made by PostgreSQL 9"):
        await Stores(tmp_path).start()


async def test_lost_passwords_are_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(StoresError, match=r"stores\.json is gone"):
        await Stores(tmp_path).start()


async def test_a_folder_in_use_is_refused_with_its_process(
    stores: Stores, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.stores.TAKEOVER_S", 0.1)
    with pytest.raises(StoresError, match=f"process {os.getpid()} already runs"):
        await Stores(folder).start()
    await note(stores, "the first is unharmed")


async def test_after_kill_9_of_the_whole_parent_the_next_start_has_every_row(folder: Path) -> None:
    program = f"""
import asyncio, asyncpg
from scripts.stores import Stores
async def main():
    stores = Stores({str(folder)!r})
    await stores.start()
    connection = await asyncpg.connect(stores.database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
    await connection.execute("INSERT INTO notes VALUES ('before the parent died')")
    print("committed", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""  # noqa: S608 - the folder is ours
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    assert await asyncio.wait_for(parent.stdout.readline(), 60) == b"committed\n"
    parent.kill()
    await parent.wait()
    async with Stores(folder) as stores:
        assert "before the parent died" in await notes(stores)
