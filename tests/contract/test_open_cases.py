"""What a starting process reads: every open case exactly once, in pages, however many came at the same moment."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch.adapters.postgres import store
from tests.conftest import Database
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.mark.parametrize("page", [1, 2, 5, 12, 1_000])
async def test_pages_of_any_size_hold_every_open_case_once_oldest_first(
    town: Town, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Twelve of one commit share their time to the microsecond; two stations; one is closed."""
    await town.owner.execute("TRUNCATE cases, waves, deadlines")
    asked = await town.officers(3)
    for _ in range(2):
        drafts = [town.draft(asked, station=station) for station in ("s1", "s2") for _ in range(6)]
        answers = await town.store.report(drafts)
        assert all(answer.ok for answer in answers)
    times = await town.owner.fetch("SELECT count(*) FROM cases GROUP BY received_at")
    assert [row[0] for row in times] == [12, 12], "the reports of one call no longer share a time: this proves less"
    closed = await town.owner.fetchval("UPDATE cases SET status = 'cleared' WHERE id = $1 RETURNING id", drafts[0].id)
    monkeypatch.setattr(store, "OPEN_CASES_PAGE", page)
    found = await town.store.open_cases()
    expected = await town.owner.fetch("SELECT id FROM cases WHERE id <> $1", closed)
    assert sorted(state.id for state, _ in found) == sorted(row[0] for row in expected)
    assert [state.received_us for state, _ in found] == sorted(state.received_us for state, _ in found)
    assert all(recipients == set(asked) for _, recipients in found)


async def test_a_page_after_the_last_case_is_empty(town: Town) -> None:
    last = await town.owner.fetchrow(
        "SELECT station, received_at, id FROM cases ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 1"
    )
    assert await town.pool.fetch("SELECT * FROM open_cases($1, $2, $3, 10)", *last) == []


async def test_a_page_reads_its_own_rows_only(town: Town) -> None:
    """By the index on open cases, from where the last page ended: the count of rows read says so."""
    await town.owner.execute("TRUNCATE cases, waves, deadlines")
    asked = await town.officers(1)
    for _ in range(40):
        await town.store.report([town.draft(asked)])
    rows = await town.pool.fetch("SELECT * FROM open_cases('', '-infinity', $1, 30)", uuid4())
    after = rows[-1]["station"], rows[-1]["received_at"], rows[-1]["id"]
    async with town.pool.acquire() as one:
        plan = await one.fetch(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM cases c "
            "WHERE c.status NOT IN ('cleared', 'withdrawn', 'merged') "
            "AND (c.station, c.received_at, c.id) > ($1, $2, $3) "
            "ORDER BY c.station, c.received_at, c.id LIMIT 5",
            *after,
        )
    said = "\n".join(row[0] for row in plan)
    assert "cases_open" in said and "Index Cond" in said and "Seq Scan" not in said, said
