"""`dispatch/DATA.md` tells of every table what is in it, how sensitive that is and how long it is kept."""

import re
from pathlib import Path
from typing import Final

import asyncpg

from tests.conftest import Database

ROWS: Final = re.compile(r"^\| (`[^|]+`) \| (\w+) \| ([^|]+) \| ([^|]+) \|$", re.M)
LEVELS: Final = frozenset({"open", "inner", "staff", "case", "sealed"})


async def test_every_table_has_a_level_and_an_end_and_none_is_told_that_is_not_there(database: Database) -> None:
    text = Path(__file__).parents[2].joinpath("dispatch", "DATA.md").read_text()
    told = [name for names, *_ in ROWS.findall(text) for name in re.findall(r"`([\w.]+)`", names)]
    owner = await asyncpg.connect(database.owner_url)
    try:
        rows = await owner.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'vault') ORDER BY 1, 2"
        )
    finally:
        await owner.close()
    there = [f"{row[0]}.{row[1]}".removeprefix("public.") for row in rows]
    assert sorted(told) == sorted(there)
    assert {level for _, level, *_ in ROWS.findall(text)} == LEVELS
