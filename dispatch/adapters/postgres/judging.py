"""The judge's functions: one file a subject in `judge/`, replaced whole by every release whose text differs.

Tables are history and only go forward (`migrations/`); functions are code: each stands once, as it is now. A release
drops exactly the functions that an earlier one made, with their triggers, never an operator's own, and makes these, in
one transaction: whoever judges meanwhile is judged by the old ones or by the new.
"""

import hashlib
from pathlib import Path
from typing import Final

import asyncpg

JUDGE: Final = Path(__file__).with_name("judge")

DROP_OLD: Final = """
DO $$ DECLARE f text; BEGIN
    FOR f IN SELECT unnest(functions) FROM judge LOOP EXECUTE 'DROP FUNCTION IF EXISTS ' || f || ' CASCADE'; END LOOP;
END $$"""

NOTE_NEW: Final = """
INSERT INTO judge (sha256, functions)
SELECT $1, coalesce(array_agg(oid::regprocedure::text ORDER BY oid::regprocedure::text), '{}') FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND xmin = pg_current_xact_id()::xid
ON CONFLICT (one) DO UPDATE SET sha256 = excluded.sha256, functions = excluded.functions"""


def judge_files() -> list[Path]:
    """One a subject, in the order of their names."""
    return sorted(JUDGE.glob("*.sql"))


def judge_sha256() -> str:
    """Of the names and the bytes of all files, in hex."""
    whole = hashlib.sha256()
    for path in judge_files():
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


async def load_judge(connection: asyncpg.Connection) -> None:
    """Makes the functions of this version; nothing where they stand already. Needs the owner, inside a transaction.

    Raises: asyncpg.PostgresError, and nothing is changed.
    """
    if await connection.fetchval("SELECT sha256 FROM judge") == judge_sha256():
        return
    await connection.execute("SET LOCAL check_function_bodies = off")  # a function may call one of a later file
    await connection.execute(DROP_OLD)
    for path in judge_files():
        await connection.execute(path.read_text())
    await connection.execute(NOTE_NEW, judge_sha256())
