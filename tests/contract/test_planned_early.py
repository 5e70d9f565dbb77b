"""Whatever a process asked first when its town was young, months later it reads what the answer needs."""

import json
from collections.abc import Mapping
from typing import Final

import asyncpg

from scripts.stores import Stores
from tests.conftest import MakeDatabase
from tests.contract.early_calls import SCENES
from tests.contract.planned_early import BELIEVED, HELD, ON_DUTY, OPEN, OVER, STAFF, later

READ_MAX: Final = 40  # rows of a table: of a few cases, each looked at several times; fewer than HELD
OWN: Final = 25  # rows of the scenes themselves

SEATS: Final = {"assignments": HELD, "cases": HELD}
ALLOWED: Final[Mapping[str, Mapping[str, int]]] = {  # those whose answer is longer, and what it needs
    "open_cases": {"cases": OPEN, "waves": OPEN, "assignments": HELD, "officers": HELD},
    "watched": SEATS,
    "nothing noticed": SEATS,
    "hand_over": {  # a station's own open cases, counted and told; its officers; of all people those at a desk
        "cases": 2 * OPEN, "deadlines": OPEN, "assignments": HELD, "officers": ON_DUTY + HELD, "accounts": STAFF,
        "desk_shifts": STAFF // 4, "limits": STAFF // 4,
    },
    "ringable": {"push_subscriptions": STAFF},
    "push prune": {"push_subscriptions": STAFF, "sessions": STAFF},
    "prune": {"idempotency": OVER // 10},  # as many have had their time
    "forget_expired": {"tickets_used": OVER},  # kept for a minute, and only while Redis is away
    "roster": {"officers": ON_DUTY},
    "free roster": {"officers": ON_DUTY},
    # An admin's, now and then: of all who work here, or of all that was ever changed.
    "suspended": {"accounts": STAFF},
    "people": {"accounts": STAFF, "officers": STAFF},
    "people found": {"accounts": STAFF, "officers": STAFF},
    "changes of one": {"changes": OVER},
    "town": {"officers": 3 * STAFF + ON_DUTY, "accounts": 2 * STAFF, "desk_shifts": STAFF // 4},
}  # fmt: skip

UNEVEN: Final = {  # rows believed to be there, as nobody would draw it; of all others the planner knows nothing
    "accounts": 0, "sessions": 0, "waves": 0, "panics": 0, "factors": 0,
    "audit_chains": 50, "changes": 50, "deadlines": 50, "events": 50, "histories": 50, "talk_lines": 50, "track": 50,
    "assignments": 100_000, "audit": 100_000, "idempotency": 100_000, "phone_codes": 100_000, "limits": 100_000,
}  # fmt: skip


async def told(make_database: MakeDatabase, stores: Stores | None) -> list[str]:
    """What reads more than its answer needs."""
    database = await make_database("planned early")

    async def believe() -> None:
        if stores is None:
            connection = await asyncpg.connect(database.owner_url)
            await connection.execute("ANALYZE")
        else:  # no owner of tables may say so
            connection = await asyncpg.connect(stores.admin_url.rpartition("/")[0] + "/" + database.name)
            await connection.execute(BELIEVED, json.dumps(UNEVEN))
        await connection.close()

    return [
        f"{name} reads {rows} rows of {table}"
        for name, read in (await later(database, SCENES, believe)).items()
        for table, rows in read.items()
        if rows > (ALLOWED[name][table] + OWN if table in ALLOWED.get(name, {}) else READ_MAX)
    ]


async def test_a_call_planned_over_empty_tables_reads_what_it_answers_when_they_are_full(
    make_database: MakeDatabase,
) -> None:
    assert await told(make_database, None) == []


async def test_so_does_one_that_was_planned_by_beliefs_that_nobody_would_expect(
    make_database: MakeDatabase, stores: Stores
) -> None:
    assert await told(make_database, stores) == []
