"""Migrations and the lesser role, on a real PostgreSQL."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from dispatch.adapters.postgres.legal import RulesDiffer, check_rules, load_rules
from dispatch.adapters.postgres.migrate import MIGRATIONS, MigrationError, migrate, read_files
from dispatch.adapters.postgres.roles import APP_SETTINGS, derived_app_dsn, ensure_login
from dispatch.cases.lifecycle import LEGAL
from scripts.stores import Stores
from tests.conftest import Database, MakeDatabase

WITH_BODIES = """
CREATE TABLE notes (text text);
CREATE FUNCTION note(p text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
    INSERT INTO notes VALUES (p); SELECT count(*) INTO n FROM notes; RETURN n;
END $$;
GRANT SELECT ON notes TO onbeat_app;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_notes.sql").write_text(WITH_BODIES)
    return tmp_path


@pytest.fixture
async def empty(make_database: MakeDatabase) -> Database:
    return await make_database("migrate", empty=True)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        answer: object = await connection.fetchval(question)
        return answer
    finally:
        await connection.close()


async def test_each_file_is_applied_once_in_order(empty: Database, folder: Path) -> None:
    (folder / "0002_more.sql").write_text("SELECT note('from 2');")
    assert await migrate(empty.owner_url, directory=folder, steps=()) == ["0001_notes.sql", "0002_more.sql"]
    assert await migrate(empty.owner_url, directory=folder, steps=()) == []
    (folder / "0003_last.sql").write_text("SELECT note('from 3');")
    assert await migrate(empty.owner_url, directory=folder, steps=()) == ["0003_last.sql"]
    assert await ask(empty.owner_url, "SELECT string_agg(text, ' ') FROM notes") == "from 2 from 3"
    assert await ask(empty.owner_url, "SELECT count(*) FROM schema_migrations") == 3


async def test_five_runners_at_once_apply_each_file_once(empty: Database, folder: Path) -> None:
    runs = [migrate(empty.owner_url, directory=folder, steps=()) for _ in range(5)]
    applied = await asyncio.gather(*runs)
    assert sorted(map(len, applied)) == [0, 0, 0, 0, 1]


async def test_a_failing_file_leaves_no_trace_and_says_where(empty: Database, folder: Path) -> None:
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (a int);\nSELECT\nno_such_function(1);")
    with pytest.raises(MigrationError, match=r"0002_bad\.sql line 3 failed and left no trace"):
        await migrate(empty.owner_url, directory=folder, steps=())
    assert await ask(empty.owner_url, "SELECT to_regclass('half')") is None
    assert await ask(empty.owner_url, "SELECT max(name) FROM schema_migrations") == "0001_notes.sql"


async def test_history_is_not_rewritten(empty: Database, folder: Path) -> None:
    (folder / "0003_c.sql").write_text("SELECT 1;")
    await migrate(empty.owner_url, directory=folder, steps=())
    (folder / "0002_late.sql").write_text("CREATE TABLE late (a int);")
    with pytest.raises(MigrationError, match=r"0002_late\.sql sorts before 0003_c\.sql"):
        await migrate(empty.owner_url, directory=folder, steps=())
    (folder / "0002_late.sql").unlink()
    (folder / "0003_c.sql").write_text("SELECT 2;")
    with pytest.raises(MigrationError, match=r"0003_c\.sql was changed after it had been applied"):
        await migrate(empty.owner_url, directory=folder, steps=())
    (folder / "0003_c.sql").unlink()
    with pytest.raises(MigrationError, match=r"the database has 0003_c\.sql"):
        await migrate(empty.owner_url, directory=folder, steps=())


def test_strange_names_and_doubled_numbers_are_refused(folder: Path) -> None:
    (folder / "0001_again.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="the same number"):
        read_files(folder)
    (folder / "0001_again.sql").rename(folder / "1-again.sql")
    with pytest.raises(MigrationError, match="not named NNNN_name"):
        read_files(folder)


async def test_steps_run_every_time_and_undo_themselves_together(empty: Database, folder: Path) -> None:
    async def note(connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT note('step')")

    async def fail(connection: asyncpg.Connection) -> None:
        raise MigrationError("the step cannot")

    await migrate(empty.owner_url, directory=folder, steps=(note,))
    await migrate(empty.owner_url, directory=folder, steps=(note,))
    with pytest.raises(MigrationError, match="the step cannot"):
        await migrate(empty.owner_url, directory=folder, steps=(note, fail))
    assert await ask(empty.owner_url, "SELECT count(*) FROM notes") == 2


async def test_the_derived_login_may_read_what_is_granted_and_define_nothing(empty: Database, folder: Path) -> None:
    app_url = await ensure_login(empty.owner_url)
    assert app_url == derived_app_dsn(empty.owner_url) == await ensure_login(empty.owner_url, empty.owner_url)
    assert await ensure_login(empty.owner_url, app_url) == app_url
    login = urlsplit(app_url).username
    await migrate(empty.owner_url, app_role=login, directory=folder, steps=())
    assert await ask(app_url, "SELECT count(*) FROM notes") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(app_url, "INSERT INTO notes VALUES ('x') RETURNING 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(app_url, "CREATE TABLE mine (a int)")
    meant = {
        "idle_in_transaction_session_timeout": "2s",
        "statement_timeout": "3s",
        "lock_timeout": "1s",
        "client_connection_check_interval": "1s",
        "timezone": "UTC",
    }
    assert {name: await ask(app_url, f"SELECT current_setting('{name}')") for name in APP_SETTINGS} == meant


async def test_a_given_login_is_made_with_its_password_and_then_left_alone(empty: Database, folder: Path) -> None:
    parts = urlsplit(empty.owner_url)
    wished = parts._replace(netloc=f"Some%20Body:p%40ss@{parts.hostname}:{parts.port}").geturl()
    assert await ensure_login(empty.owner_url, wished) == wished
    assert await ensure_login(empty.owner_url, wished.replace("p%40ss", "other")) != wished
    await migrate(empty.owner_url, app_role="Some Body", directory=folder, steps=())
    await migrate(empty.owner_url, app_role="Some Body", directory=folder, steps=())
    assert await ask(wished, "SELECT count(*) FROM notes") == 0


async def test_an_owner_who_may_not_make_roles_is_told_what_to_do(stores: Stores, empty: Database) -> None:
    connection = await asyncpg.connect(stores.admin_url)
    await connection.execute("CREATE ROLE humble LOGIN PASSWORD 'humble'")
    await connection.close()
    humble = empty.owner_url.replace(urlsplit(empty.owner_url).netloc.rpartition("@")[0], "humble:humble")
    with pytest.raises(MigrationError, match="the owner may not make the role"):
        await ensure_login(humble)


def test_derived_passwords_differ_by_owner_and_database_and_are_absent_without_one() -> None:
    one = urlsplit(derived_app_dsn("postgresql://o:secret@h:1,h2:2/a?sslmode=require"))
    other = urlsplit(derived_app_dsn("postgresql://o:secret@h:1,h2:2/b?sslmode=require"))
    stranger = urlsplit(derived_app_dsn("postgresql://o:guess@h:1,h2:2/a?sslmode=require"))
    assert len({one.password, other.password, stranger.password}) == 3
    assert one.username == stranger.username != other.username
    assert (one.netloc.rpartition("@")[2], one.path, one.query) == ("h:1,h2:2", "/a", "sslmode=require")
    trusted = urlsplit(derived_app_dsn("postgresql:///a?host=/run/pg&user=o"))
    assert (trusted.password, trusted.query) == (None, "host=%2Frun%2Fpg")


async def test_the_real_migrations_stand_and_hold_the_rules(database: Database) -> None:
    assert await ask(database.owner_url, "SELECT count(*) FROM schema_migrations") == len(read_files(MIGRATIONS))
    assert await ask(database.app_url, "SELECT count(*) FROM legal") == len(LEGAL)


async def test_a_judge_that_differs_is_refused_and_a_release_replaces_it(database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    try:
        await owner.execute("CREATE FUNCTION operators_own() RETURNS integer LANGUAGE sql AS 'SELECT 7'")
        await owner.execute("UPDATE judge SET sha256 = 'of another version'")
        with pytest.raises(RulesDiffer, match="functions sha256"):
            await check_rules(owner)
        await load_rules(owner)
        await check_rules(owner)
        assert await owner.fetchval("SELECT operators_own()") == 7
        assert await owner.fetchval("SELECT 'act_on_case(jsonb)' = ANY (functions) FROM judge")
    finally:
        await owner.close()
