"""What the services' database role may not do: sixty statements, none of which succeeds (PROMISES S19).

Whoever takes over a web process holds this role's password. It must define nothing, rewrite no history, read no
file, become nobody else.
"""

from typing import Final

import asyncpg
import pytest

from dispatch.adapters.postgres.roles import GROUP
from tests.conftest import Database

FORBIDDEN: Final = [
    # --- define
    "CREATE TABLE mine (x int)",
    "CREATE UNLOGGED TABLE public.mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION vector",
    "CREATE SEQUENCE mine",
    "CREATE INDEX mine ON cases (words)",
    "CREATE TYPE mine AS (x int)",
    "CREATE RULE mine AS ON SELECT TO cases DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION end_sessions_of_account()",
    "CREATE POLICY mine ON cases USING (true)",
    "CREATE PUBLICATION mine FOR ALL TABLES",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION end_sessions_of_account()",
    "CREATE DATABASE mine",
    "CREATE TABLESPACE mine LOCATION '/tmp'",
    # --- change what is defined
    "ALTER TABLE cases ADD COLUMN mine int",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE accounts OWNER TO current_user",
    "ALTER FUNCTION end_sessions_of_account() RENAME TO mine",
    "ALTER TABLE accounts DISABLE TRIGGER accounts_changed",
    "DROP TABLE events",
    "DROP TABLE cases CASCADE",
    "DROP FUNCTION end_sessions_of_account() CASCADE",
    "DROP SCHEMA public CASCADE",
    "DROP TRIGGER accounts_changed ON accounts",
    "DROP INDEX sessions_expiry",
    "COMMENT ON TABLE cases IS 'mine'",
    # --- rewrite history
    "UPDATE events SET body = '{}'",
    "DELETE FROM events",
    "TRUNCATE events",
    "TRUNCATE cases CASCADE",
    "DELETE FROM cases",
    "DELETE FROM assignments",
    "UPDATE waves SET recipients = '{}'",
    "DELETE FROM waves",
    "DELETE FROM accounts",
    "DELETE FROM officers",
    "UPDATE audit SET seq = seq + 1",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "DELETE FROM audit_chains",
    "UPDATE audit_chains SET seq = 0",
    "UPDATE changes SET reason = 'mine'",
    "DELETE FROM changes",
    "UPDATE place_reads SET at = at",
    "DELETE FROM place_reads",
    "DELETE FROM talk_lines",
    "DELETE FROM hazards",
    "DELETE FROM panics",
    # --- rewrite the rules
    "UPDATE legal SET next_status = 'cleared'",
    "DELETE FROM legal",
    "INSERT INTO guards VALUES ('claimed', '{officer}', false)",
    "UPDATE limits SET value = 1",
    "DELETE FROM schema_migrations",
    "UPDATE judge SET sha256 = 'x'",
    # --- the machine
    "COPY cases TO PROGRAM 'cat'",
    "COPY cases FROM PROGRAM 'id'",
    "COPY cases TO '/tmp/mine'",
    "COPY cases FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/mine')",
    "SELECT pg_reload_conf()",
    "ALTER SYSTEM SET fsync = off",
    "LOAD 'plpgsql'",
    "CHECKPOINT",
    "SELECT pg_switch_wal()",
    # --- somebody else
    "CREATE ROLE mine SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "GRANT pg_read_all_data TO CURRENT_USER",
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SET session_replication_role = replica",
    "SET log_statement = 'none'",
    "REASSIGN OWNED BY postgres TO CURRENT_USER",
    "DROP OWNED BY postgres CASCADE",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_lesser_role_may_not(database: Database, statement: str) -> None:
    connection = await asyncpg.connect(database.app_url)
    try:
        with pytest.raises(
            (
                asyncpg.InsufficientPrivilegeError,
                asyncpg.InvalidParameterValueError,  # a role that is not there for this one
                asyncpg.UndefinedObjectError,
            )
        ):
            await connection.execute(statement)  # on its own: some may not stand in a transaction
    finally:
        await connection.close()


def test_there_are_sixty_and_more() -> None:
    assert len(FORBIDDEN) >= 60 and len(set(FORBIDDEN)) == len(FORBIDDEN)


async def test_the_role_owns_nothing_and_is_nobody_special(database: Database) -> None:
    connection = await asyncpg.connect(database.app_url)
    try:
        owned = await connection.fetch("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = current_user")
        groups = await connection.fetch(
            "SELECT roleid::regrole::text AS name FROM pg_auth_members WHERE member = current_user::regrole"
        )
    finally:
        await connection.close()
    assert owned == [] and role is not None
    assert not any(role[f"rol{one}"] for one in ("super", "createrole", "createdb", "replication", "bypassrls"))
    assert [one["name"] for one in groups] == [GROUP]


async def test_the_rights_that_are_given_name_no_history(database: Database) -> None:
    """Read from the catalogue, so that a migration that grants more is seen."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        rows = await connection.fetch(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = $1", GROUP
        )
    finally:
        await connection.close()
    given = {(row["table_name"], row["privilege_type"]) for row in rows}
    history = ("events", "waves", "audit", "audit_chains", "changes", "place_reads")
    rules = ("legal", "guards", "limits", "judge", "schema_migrations")
    assert not {(t, p) for t, p in given if t in history and p not in ("SELECT", "INSERT")}
    assert not {(t, p) for t, p in given if t in rules and p != "SELECT"}
    assert not {(t, p) for t, p in given if p in ("TRUNCATE", "TRIGGER", "REFERENCES")}
    assert not {(t, p) for t, p in given if t in ("cases", "accounts", "officers") and p == "DELETE"}
